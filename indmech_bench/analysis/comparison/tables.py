"""How a comparison is written: terminal table, Markdown, CSV, JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from indmech_bench.analysis.comparison.comparison import FAMILYWISE, Compared, Comparison
from indmech_bench.text.numbers import bracketed, number, pvalue
from indmech_bench.text.tables import Section, csv_table, markdown_table, strict_json, text_table

FORMATS = ("table", "md", "csv", "json")


def render(comparison: Comparison, form: str) -> str:
    """The comparison in one of FORMATS."""
    if form == "csv":
        return csv_table([_record(line) for line in comparison.lines])
    if form == "json":
        return strict_json(_content(comparison))
    table = markdown_table if form == "md" else text_table
    listed = [f"- {sentence}" for sentence in sentences(comparison)] if form == "md" else sentences(comparison)
    parts = [table(_section(comparison)).rstrip()] if comparison.lines else []
    return "\n\n".join([*parts, "\n".join(listed)])


def sentences(comparison: Comparison) -> list[str]:
    """What a reader must know, then what was found."""
    lines = comparison.lines
    unpaired = [line for line in lines if not line.paired]
    said = [f"A: {comparison.a}, B: {comparison.b}"]
    said += [f"differs: {sentence}" for sentence in comparison.differences] or [
        "differs: nothing in settings, code, versions or machine"
    ]
    said += [f"not compared: {sentence}" for sentence in comparison.apart]
    said.append(comparison.references)
    if unpaired:
        which = "all lines" if len(unpaired) == len(lines) else f"{len(unpaired)} of {len(lines)} lines"
        said.append(
            f"unpaired, since no seed is shared: {which} (Mann-Whitney for e, Fisher for identified; difference of "
            "medians, bootstrap interval)"
        )
    if len(unpaired) < len(lines):
        said.append("paired on shared seeds: Wilcoxon signed ranks; median difference, interval by order statistics")
    return [*said, *_found(comparison)]


def _found(comparison: Comparison) -> list[str]:
    lines = comparison.lines
    level = f"family-wise {100 * FAMILYWISE:g} %"
    if not lines:
        return ["nothing was compared: A and B have no task and method in common"]
    differing = [line for line in lines if line.error_differs or line.identified_differs]
    found = [f"{line.method} on {line.task}: {_way(line)}" for line in differing] or [
        f"no difference at {level}, Holm over {2 * len(lines)} tests"
    ]
    if differing:
        found.insert(0, f"{len(differing)} of {len(lines)} lines differ at {level}, Holm over {2 * len(lines)} tests:")
    found += [
        f"{line.method} on {line.task}: fails more, {line.failed_a} of {line.n_a} -> {line.failed_b} of {line.n_b}"
        for line in lines
        if line.fails_more
    ]
    return found


def _way(line: Compared) -> str:
    said = []
    if line.error_differs:
        said.append(f"e is {'larger' if line.direction > 0 else 'smaller'} in B")
    if line.identified_differs:
        said.append(f"{'fewer' if line.identified_b < line.identified_a else 'more'} are identified in B")
    return ", ".join(said)


def _section(comparison: Comparison) -> Section:
    head = ["task", "method", "seeds", "identified", "p", "e (median)", "B - A [95 %]", "better/ties/worse", "p",
            "failed"]  # fmt: skip
    body = [
        [
            line.task,
            line.method,
            f"{line.n_a} paired" if line.paired else f"{line.n_a} vs {line.n_b}",
            f"{line.identified_a:.2f} -> {line.identified_b:.2f}",
            pvalue(line.p_identified),
            f"{number(line.error_a)} -> {number(line.error_b)}",
            f"{number(line.difference)} {bracketed(line.interval)}".strip(),
            f"{line.better}/{line.ties}/{line.worse}" if line.paired else "–",
            pvalue(line.p_error),
            f"{line.failed_a} -> {line.failed_b}",
        ]
        for line in comparison.lines
    ]
    return "A -> B, p-values corrected by Holm", head, body


def _record(line: Compared) -> dict[str, Any]:
    record = asdict(line)
    low, high = record.pop("interval") or (None, None)
    del record["direction"]
    return {**record, "difference_low": low, "difference_high": high, "regressed": line.regressed}


def _content(comparison: Comparison) -> dict[str, Any]:
    return {
        "a": str(comparison.a),
        "b": str(comparison.b),
        "differences": list(comparison.differences),
        "not_compared": list(comparison.apart),
        "references": comparison.references,
        "familywise": FAMILYWISE,
        "found": _found(comparison),
        "regressed": comparison.regressed,
        "lines": [_record(line) for line in comparison.lines],
    }
