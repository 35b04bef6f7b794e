"""What a leaderboard's tables say of a line: over all tasks, and by task."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from indmech_bench.analysis.method_lines import named_columns, with_common
from indmech_bench.analysis.ranking.line import Interval, Line
from indmech_bench.analysis.task_rows import marked
from indmech_bench.text.numbers import bracketed, number, rates, whole
from indmech_bench.text.tables import Column, Table, kept, kept_interval, shown

BESIDE = ("fit_error", "extrapolation_error")
"""Metrics whose medians every leaderboard shows; records have the fit's interval too."""


def tables_of(
    lines: tuple[Line, ...], *, tasks: Sequence[str], controls: Sequence[str], pairs: int, metric: str, view: str
) -> tuple[Table[Line], ...]:
    """The tables of one view: overall, identified by task, the metric by task.

    Args:
        lines: one a method or reference.
        tasks: the labels that have columns of their own.
        controls: those of them that are in no overall figure. A view of controls alone has no table of such figures.
        pairs: how many (task, seed) pairs of the other tasks the view holds.
        metric: what the medians by task show.
        view: the name of the view; empty where there is one.
    """
    of_view = f"{view}: " if view else ""
    named: tuple[Column[Line], ...] = (kept("view", lambda line: view),) if view else ()
    method, common = named_columns([line.name for line in lines if not line.reference], _name_of)
    heads = {task: marked(task, task in controls) for task in tasks}
    overall = (*named, *_overall(pairs, metric, method))
    by_controls_alone = len(controls) == len(tasks)
    if by_controls_alone:
        overall = tuple(replace(column, head=None) for column in overall)
    tables = [
        (with_common(f"{of_view}all tasks{' but controls' if controls else ''}", common), overall),
        (
            with_common(f"{of_view}identified, by task", common if by_controls_alone else ""),
            (*method, *(_identified(task, head) for task, head in heads.items())),
        ),
    ]
    of_metric = tuple(column for task, head in heads.items() for column in _of_metric(task, head, metric))
    if metric == "identified":  # the table is there already, its intervals are not
        of_metric = tuple(column for column in of_metric if column.head is None)
        return tuple(_table(title, columns, lines) for title, columns in [*tables, ("", of_metric)])
    tables.append((f"{of_view}median {metric} [95 %], by task", (*method, *of_metric)))
    return tuple(_table(title, columns, lines) for title, columns in tables)


def _table(title: str, columns: tuple[Column[Line], ...], lines: tuple[Line, ...]) -> Table[Line]:
    return Table(title, columns, lines, aside=lambda line: line.reference)


def _name_of(line: Line) -> str:
    return line.name


def _overall(pairs: int, metric: str, method: tuple[Column[Line], ...]) -> tuple[Column[Line], ...]:
    return (
        shown("rank", lambda line: "ref" if line.reference else "–" if line.rank is None else str(line.rank)),
        kept("rank", lambda line: line.rank),
        Column("tier", "tier", lambda line: line.tier, importance=5),
        *method,
        kept("reference", lambda line: line.reference),
        Column("identified", "identified", lambda line: line.identified, lambda value: _fixed(value, 2), importance=2),
        Column(
            "identified", "[95 %]", lambda line: line.interval, lambda ends: rates(ends, 2), interval=True, importance=9
        ),
        Column(
            "median_extrapolation_error", "e (median)", lambda line: line.medians["extrapolation_error"], importance=3
        ),
        kept_interval("median_extrapolation_error", lambda line: line.median_intervals["extrapolation_error"]),
        Column("score", "score", lambda line: line.score, lambda value: _fixed(value, 3), importance=1),
        Column(
            "score",
            "[95 %]",
            lambda line: line.score_interval,
            lambda ends: rates(ends, 3),
            interval=True,
            importance=7,
        ),
        Column("rank", "rank [95 %]", lambda line: line.rank_interval, whole, interval=True, importance=4),
        Column("leave_one_out", "leave one out", lambda line: line.leave_one_out, whole, interval=True, importance=10),
        Column("leave_one_out_task", "moved most by", lambda line: line.leave_one_out_task, importance=11),
        Column("median_fit_error", "fit", lambda line: line.medians["fit_error"], importance=8),
        kept_interval("median_fit_error", lambda line: line.median_intervals["fit_error"]),
        *(() if metric in BESIDE else _median(metric)),
        kept("ok", lambda line: line.ok),
        Column("failed", "failed", lambda line: line.failed, importance=6),
        kept("skipped", lambda line: line.skipped),
        kept("missing", lambda line: line.missing),
        shown("coverage", lambda line: f"{line.attempted}/{pairs}", importance=12),
        Column("cost", "cost", lambda line: line.cost, importance=13),
        Column("seconds", "s", lambda line: line.seconds, importance=14),
    )


def _median(metric: str) -> tuple[Column[Line], ...]:
    """The median of a metric that is not shown in any case."""
    return (
        Column(f"median_{metric}", metric, lambda line: line.medians[metric], importance=3),
        kept_interval(f"median_{metric}", lambda line: line.median_intervals[metric]),
    )


def _identified(task: str, head: str) -> Column[Line]:
    return Column(f"identified:{task}", head, lambda line: line.by_task[task]["identified"])


def _of_metric(task: str, head: str, metric: str) -> tuple[Column[Line], ...]:
    """A median with its interval in one cell, and as fields of their own."""

    def value(line: Line) -> float | None:
        return line.by_task[task][metric]

    def interval(line: Line) -> Interval:
        return line.by_task_intervals[task]

    return (
        shown(head, lambda line: f"{number(value(line))} {bracketed(interval(line))}".strip()),
        kept(f"{metric}:{task}", value),
        kept_interval(f"{metric}:{task}", interval),
    )


def _fixed(value: float, digits: int) -> str:
    """A share or score; a dash where nothing was tried, so that there is none."""
    return "–" if math.isnan(value) else f"{value:.{digits}f}"
