"""What the table of a comparison says of a task and method."""

from __future__ import annotations

from indmech_bench.analysis.comparison.compared import Compared
from indmech_bench.analysis.task_rows import marked
from indmech_bench.text.numbers import bracketed, number, pvalue
from indmech_bench.text.tables import Column, Kind, Table, kept, kept_interval, shown

COLUMNS: tuple[Column[Compared], ...] = (
    shown("task", lambda line: marked(line.task, line.control), Kind.NAME),
    kept("task", lambda line: line.task),
    kept("control", lambda line: line.control),
    Column("method", "method", lambda line: line.method, kind=Kind.NAME),
    shown("seeds", lambda line: f"{line.n_a} paired" if line.paired else f"{line.n_a} vs {line.n_b}"),
    kept("paired", lambda line: line.paired),
    kept("n_a", lambda line: line.n_a),
    kept("n_b", lambda line: line.n_b),
    kept("failed_a", lambda line: line.failed_a),
    kept("failed_b", lambda line: line.failed_b),
    shown("identified", lambda line: f"{line.identified_a:.2f} -> {line.identified_b:.2f}"),
    kept("identified_a", lambda line: line.identified_a),
    kept("identified_b", lambda line: line.identified_b),
    Column("p_identified", "p", lambda line: line.p_identified, pvalue),
    shown("e (median)", lambda line: f"{number(line.error_a)} -> {number(line.error_b)}"),
    kept("error_a", lambda line: line.error_a),
    kept("error_b", lambda line: line.error_b),
    shown("score B - A [95 %]", lambda line: f"{number(line.difference)} {bracketed(line.interval)}".strip()),
    kept("difference", lambda line: line.difference),
    kept_interval("difference", lambda line: line.interval),
    shown("better/ties/worse", lambda line: f"{line.better}/{line.ties}/{line.worse}" if line.paired else "–"),
    kept("better", lambda line: line.better),
    kept("worse", lambda line: line.worse),
    kept("ties", lambda line: line.ties),
    Column("p_score", "p", lambda line: line.p_score, pvalue),
    Column("p_sign", "p (sign)", lambda line: line.p_sign, lambda p: "–" if p is None else pvalue(p)),
    shown("failed", lambda line: f"{line.failed_a} -> {line.failed_b}"),
    kept("regressed", lambda line: line.regressed),
)


def table_of(lines: tuple[Compared, ...]) -> Table[Compared]:
    return Table("A -> B by score, p-values corrected by Holm", COLUMNS, lines)
