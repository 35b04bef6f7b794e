"""How pairings are written: all methods against one, and winners against the simple rivals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from indmech_bench.analysis.pairings import Pairing
from indmech_bench.text.numbers import bracketed, number, pvalue
from indmech_bench.text.tables import Section, check_format, csv_table, markdown_table, strict_json, text_table

FORMATS = ("table", "md", "csv", "json")


def render_versus(pairings: Sequence[Pairing], form: str) -> str:
    """What `versus` found, in one of FORMATS. Raises InputError."""
    return _render(pairings, form, versus_sections)


def render_winners(pairings: Sequence[Pairing], form: str) -> str:
    """What `winners` found, in one of FORMATS. Raises InputError."""
    return _render(pairings, form, winners_sections)


def _render(pairings: Sequence[Pairing], form: str, sections: Callable[[Sequence[Pairing]], list[Section]]) -> str:
    check_format(form, FORMATS)
    if form == "csv":
        return csv_table(_records(pairings))
    if form == "json":
        return strict_json({"pairings": _records(pairings)})
    return "\n\n".join(map(markdown_table if form == "md" else text_table, sections(pairings)))


def versus_sections(pairings: Sequence[Pairing]) -> list[Section]:
    """A table a task of what `versus` found."""
    head = ["group", "method", "identified", "e (median) [95 %]", "score (iqm)", "less / more / same",
            "difference [95 %]", "p (Holm)"]  # fmt: skip
    sections = []
    for task in dict.fromkeys(one.task for one in pairings):
        own = [one for one in pairings if one.task == task]
        body = [
            [*_cells(one), _counts(one), f"{number(one.difference)} {bracketed(one.difference_interval)}".strip(),
             pvalue(one.pvalue)]
            for one in own
        ]  # fmt: skip
        sections.append((f"{task}: e against that of {own[0].other}, {own[0].n} seeds", head, body))
    return sections


def winners_sections(pairings: Sequence[Pairing]) -> list[Section]:
    """A table a task of what `winners` found: beside each winner how often it errs less and more than each rival."""
    sections = []
    for task in dict.fromkeys(one.task for one in pairings):
        own = [one for one in pairings if one.task == task]
        rivals = list(dict.fromkeys(one.other for one in own))
        head = ["group", "method", "identified", "e (median) [95 %]", "score (iqm)",
                *(f"less / more than {rival}, p" for rival in rivals)]  # fmt: skip
        body = []
        for method in dict.fromkeys(one.method for one in own):
            lines = [one for one in own if one.method == method]
            against = [f"{one.better} / {one.worse}, {pvalue(one.pvalue)}" for one in lines]
            body.append([*_cells(lines[0]), *against])
        sections.append((f"{task}: the best of each group, {own[0].n} seeds", head, body))
    return sections


def _cells(one: Pairing) -> list[str]:
    shown = f"{number(one.error)} {bracketed(one.interval)}".strip()
    return [one.group, one.method, f"{one.identified:.2f}", shown, f"{one.score:.3f}"]


def _counts(one: Pairing) -> str:
    return f"{one.better} / {one.worse} / {one.ties}"


def _records(pairings: Sequence[Pairing]) -> list[dict[str, Any]]:
    """One record a pairing, full precision, intervals as two fields."""
    made = []
    for one in pairings:
        fields = dict(vars(one))
        for name in ("interval", "difference_interval"):
            low, high = fields.pop(name) or (None, None)
            fields |= {f"{name}_low": low, f"{name}_high": high}
        made.append(fields)
    return made
