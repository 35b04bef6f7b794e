"""What the tables of `versus` and `winners` say of a pairing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from indmech_bench.analysis.method_lines import named_columns, with_common
from indmech_bench.analysis.pairing.pairings import REFERENCE, Pairing
from indmech_bench.analysis.task_rows import marked
from indmech_bench.analysis.view import MEDIAN
from indmech_bench.text.document import Document, Section
from indmech_bench.text.numbers import bracketed, number, pvalue
from indmech_bench.text.tables import Column, Kind, Table, kept, kept_interval, shown

RECORD: tuple[Column[Pairing], ...] = (
    kept("task", lambda pairing: pairing.task),
    kept("metric", lambda pairing: pairing.metric),
    kept("control", lambda pairing: pairing.control),
    kept("method", lambda pairing: pairing.method),
    kept("other", lambda pairing: pairing.other),
    kept("approach", lambda pairing: pairing.approach),
    kept("n", lambda pairing: pairing.n),
    kept("identified", lambda pairing: pairing.identified),
    kept("error", lambda pairing: pairing.error),
    kept_interval("interval", lambda pairing: pairing.interval),
    kept("score", lambda pairing: pairing.score),
    kept("better", lambda pairing: pairing.better),
    kept("worse", lambda pairing: pairing.worse),
    kept("ties", lambda pairing: pairing.ties),
    kept("difference", lambda pairing: pairing.difference),
    kept_interval("difference_interval", lambda pairing: pairing.difference_interval),
    kept("p_score", lambda pairing: pairing.p_score),
    kept("p_sign", lambda pairing: pairing.p_sign),
)


def _method(pairings: Sequence[Pairing]) -> tuple[Column[Pairing], ...]:
    return (
        shown("approach", lambda pairing: pairing.approach, Kind.NAME),
        shown("method", lambda pairing: pairing.method, Kind.NAME),
        shown("identified", lambda pairing: f"{pairing.identified:.2f}"),
        shown(
            f"{_error(pairings)} (median) [95 %]",
            lambda pairing: f"{number(pairing.error)} {bracketed(pairing.interval)}".strip(),
        ),
        shown("score", lambda pairing: f"{pairing.score:.3f}"),
    )


def _error(pairings: Sequence[Pairing]) -> str:
    """What the error is called: e where it is that of extrapolation."""
    return "e" if not pairings or pairings[0].metric == MEDIAN else pairings[0].metric


AGAINST: tuple[Column[Pairing], ...] = (
    shown("more / less / same", lambda pairing: f"{pairing.better} / {pairing.worse} / {pairing.ties}"),
    shown(
        "difference [95 %]",
        lambda pairing: f"{number(pairing.difference)} {bracketed(pairing.difference_interval)}".strip(),
    ),
    shown("p", lambda pairing: pvalue(pairing.p_score)),
    shown("p (sign)", lambda pairing: pvalue(pairing.p_sign)),
)

SCORES = (
    "score: 1/(1+{error}), a failure's is 0, of a task its interquartile mean. more, less, same: seeds on which the "
    "method scores more than the other, less, the same to within 1e-6; difference: median of its score less the "
    "other's."
)
MATRIX = "In each cell: score, share identified; seeds with more and less score than the other, p, p (sign)."
CORRECTED = (
    "p: Wilcoxon's signed ranks on the differences of score; p (sign): sign test on more and less; each corrected by "
    "Holm over the {lines}."
)


def _notes(pairings: Sequence[Pairing], lines: str) -> tuple[str, str]:
    return SCORES.format(error=_error(pairings)), CORRECTED.format(lines=lines)


def versus_document(folder: Path, pairings: Sequence[Pairing]) -> Document:
    """A table a task of what `versus` found."""

    def table(task: str, pairings: tuple[Pairing, ...]) -> Table[Pairing]:
        shown_as = marked(task, pairings[0].control)
        title = f"{shown_as}: scores against those of {pairings[0].other}, {pairings[0].n} seeds"
        return Table(title, (*_method(pairings), *AGAINST, *RECORD), pairings)

    sections = tuple(Section(task, (table(task, of_task),)) for task, of_task in _by_task(pairings))
    against = f"All methods against {pairings[0].other}" if pairings else "No other method"
    return Document(f"{against} in {folder}", sections, _notes(pairings, "methods of a task"))


def matrix_document(folder: Path, pairings: Sequence[Pairing]) -> Document:
    """One table of what `versus` found with the method itself: a line a method, a column a task.

    Methods by their mean score over the tasks that are no controls, or over all where all are.
    """
    found = {(pairing.method, pairing.task): pairing for pairing in pairings}
    tasks = {pairing.task: pairing.control for pairing in pairings}
    counting = [task for task, control in tasks.items() if not control] or [*tasks]
    methods = dict.fromkeys(pairing.method for pairing in pairings)

    references = {pairing.method for pairing in pairings if pairing.approach == REFERENCE}

    def place(method: str) -> tuple[bool, float]:
        scores = [found[method, task].score for task in counting if (method, task) in found]
        return method in references, -sum(scores) / max(1, len(scores))

    def column(task: str) -> Column[str]:
        return shown(marked(task, tasks[task]), lambda method: _matrix_cell(found.get((method, task))))

    def itself(method: str) -> str:
        return method

    (named, _), common = named_columns([method for method in methods if method not in references], itself)
    other = pairings[0].other if pairings else ""
    title = with_common(f"scores against those of {named.cell(other)}", common)
    table = Table(title, (named, *map(column, tasks)), tuple(sorted(methods, key=place)))
    section = Section("matrix", (table, Table("", RECORD, tuple(pairings))))
    notes = (MATRIX, *_notes(pairings, "methods of a task"))
    return Document(f"All methods against {other} in {folder}", (section,), notes)


def _matrix_cell(pairing: Pairing | None) -> str:
    if pairing is None:
        return "–"
    start = f"{pairing.score:.3f}, {pairing.identified:.2f}"
    if pairing.method == pairing.other:
        return start
    return f"{start}; {pairing.better}/{pairing.worse}, {pvalue(pairing.p_score)}, {pvalue(pairing.p_sign)}"


def winners_document(folder: Path, pairings: Sequence[Pairing]) -> Document:
    """A table a task of what `winners` found: beside each winner how often it scores more and less than each rival."""
    sections = tuple(
        Section(task, (_winners(task, of_task), Table("", RECORD, of_task))) for task, of_task in _by_task(pairings)
    )
    notes = _notes(pairings, "winners and predictors of a task")
    return Document(f"The best of each approach against the simplest predictors in {folder}", sections, notes)


def _winners(task: str, pairings: tuple[Pairing, ...]) -> Table[Pairing]:
    """A line a winner, its first pairing; the others are in the columns: more and less score, and both tests."""
    found = {(pairing.method, pairing.other): pairing for pairing in pairings}
    winners = {pairing.method: pairing for pairing in reversed(pairings)}

    def against(rival: str) -> Column[Pairing]:
        def cell(winner: Pairing) -> str:
            pairing = found[winner.method, rival]
            return f"{pairing.better} / {pairing.worse}, {pvalue(pairing.p_score)}, {pvalue(pairing.p_sign)}"

        return shown(f"more / less than {rival}, p, p (sign)", cell)

    rivals = dict.fromkeys(pairing.other for pairing in pairings)
    title = f"{marked(task, pairings[0].control)}: the best of each approach, by score, {pairings[0].n} seeds"
    return Table(title, (*_method(pairings), *map(against, rivals)), tuple(reversed(winners.values())))


def _by_task(pairings: Sequence[Pairing]) -> Iterator[tuple[str, tuple[Pairing, ...]]]:
    for task in dict.fromkeys(pairing.task for pairing in pairings):
        yield task, tuple(pairing for pairing in pairings if pairing.task == task)
