"""The leaderboard: what each method reached in a view, failures counted, references beside (DESIGN, tables)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from indmech_bench.analysis.group_by import GROUPINGS, grouped
from indmech_bench.analysis.ranking.board import Leaderboard
from indmech_bench.analysis.ranking.line import Line
from indmech_bench.analysis.view import (
    MEDIAN,
    Pair,
    by_method,
    families,
    in_order,
    median,
    median_of,
    ranked_rows,
    values_of,
)
from indmech_bench.errors import unknown
from indmech_bench.results.folder import existing_folder
from indmech_bench.results.row_fields import LabelledRow
from indmech_bench.results.statuses import Status
from indmech_bench.scoring.metrics import BY_NAME
from indmech_bench.statistics.estimates import interquartile_mean, median_interval, wilson_interval
from indmech_bench.statistics.resampling import interquartile_mean_interval
from indmech_bench.statistics.significance import TIE


def leaderboard(
    folder: str | Path, *, metric: str = MEDIAN, family: str | None = None, beside: Sequence[str | Path] = ()
) -> Leaderboard:
    """The leaderboard of a results folder, with the rows of the folders `beside` it.

    A view holds every (task, seed) that any row of the folder has. A failed replicate has e = infinity, score 0 and
    is not identified; one that is missing is a hole. Rank is by the interquartile mean of `score` over the view's
    pairs, ties within 1e-6; a method with holes or skipped tasks is not ranked. Tasks that start at the truth are left
    out. Raises InputError.

    Args:
        folder: a results folder.
        metric: what the medians by task show.
        family: keep the tasks of this family alone.
        beside: further results folders, whose rows are joined.
    """
    (board,) = leaderboards(folder, metric=metric, family=family, beside=beside)
    return board


def leaderboards(
    folder: str | Path,
    *,
    metric: str = MEDIAN,
    family: str | None = None,
    group_by: str | None = None,
    beside: Sequence[str | Path] = (),
) -> tuple[Leaderboard, ...]:
    """The leaderboard of each view of rows, as `leaderboard`; one of all rows where `group_by` is None.

    Raises InputError.

    Args:
        folder: a results folder.
        metric: what the medians by task show.
        family: keep the tasks of this family alone.
        group_by: family, dependence, observation, budget or protocol: a view for each value.
        beside: further results folders, whose rows are joined.
    """
    if metric not in BY_NAME:
        raise unknown("metric", metric, BY_NAME)
    if group_by is not None and group_by not in GROUPINGS:
        raise unknown("grouping", group_by, GROUPINGS)
    places = tuple(map(existing_folder, (folder, *beside)))
    rows, left_out = ranked_rows(places, family)
    views = {"": rows} if group_by is None else grouped(rows, group_by, families(places))
    return tuple(
        _board(of_view, places, metric, left_out, f"{group_by}: {name}" if group_by else "")
        for name, of_view in views.items()
    )


def _board(rows: Sequence[LabelledRow], places: Sequence[Path], metric: str, left_out: int, view: str) -> Leaderboard:
    tasks = in_order(rows)
    pairs = {(row["task_label"], row["seed"]) for row in rows}
    lines = [
        _line(name, reference, replicates, pairs, tasks, metric)
        for (reference, name), replicates in by_method(rows).items()
    ]
    return Leaderboard(places[0], metric, tasks, len(pairs), tuple(_ranked(lines)), left_out, view, tuple(places[1:]))


def _line(
    name: str,
    reference: bool,
    replicates: Mapping[Pair, LabelledRow],
    pairs: set[Pair],
    tasks: Iterable[str],
    metric: str,
) -> Line:
    tried = [row for row in replicates.values() if row["status"] != Status.SKIPPED]
    ok = [row for row in tried if row["status"] == Status.OK]
    identified = int(sum(row["metrics"].get("identified", 0) for row in ok))
    scores = [row["metrics"].get("score", 0.0) for row in tried]
    shown = {measure: values_of(tried, measure) for measure in dict.fromkeys(("fit_error", MEDIAN, metric))}
    by_task: dict[str, list[LabelledRow]] = {task: [] for task in tasks}
    for row in tried:
        by_task[row["task_label"]].append(row)
    return Line(
        name=name,
        reference=reference,
        rank=None,
        identified=identified / len(tried) if tried else float("nan"),
        interval=wilson_interval(identified, len(tried)) if len(tried) > 1 else None,
        medians={measure: median_of(values) for measure, values in shown.items()},
        median_intervals={measure: median_interval(values) for measure, values in shown.items()},
        score=interquartile_mean(scores) if tried else float("nan"),
        score_interval=interquartile_mean_interval(scores, [row["task_label"] for row in tried]),
        ok=len(ok),
        failed=len(tried) - len(ok),
        skipped=len(replicates) - len(tried),
        missing=len(pairs - replicates.keys()),
        cost=_typical(row["cost"] for row in ok),
        seconds=_typical(row["seconds"] for row in ok),
        by_task={task: _of_task(rows, metric) for task, rows in by_task.items()},
        by_task_intervals={task: median_interval(values_of(rows, metric)) for task, rows in by_task.items()},
    )


def _of_task(rows: list[LabelledRow], metric: str) -> dict[str, float | None]:
    if not rows:
        return {"identified": None, metric: None}
    identified = sum(row["metrics"].get("identified", 0) for row in rows) / len(rows)
    return {"identified": identified, metric: median(rows, metric)}


def _typical(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _ranked(lines: Sequence[Line]) -> list[Line]:
    """Ranked methods, best first and ties sharing a rank; unranked ones by coverage; references."""
    covering = [line for line in lines if not line.reference and not line.missing and not line.skipped]
    covering.sort(key=lambda line: (-line.score, line.name))
    ranked: list[Line] = []
    for position, line in enumerate(covering, 1):
        tied = bool(ranked) and ranked[-1].score - line.score <= TIE
        ranked.append(replace(line, rank=ranked[-1].rank if tied else position))
    rest = [line for line in lines if not line.reference and (line.missing or line.skipped)]
    rest.sort(key=lambda line: (-line.attempted, line.name))
    references = sorted((line for line in lines if line.reference), key=lambda line: (-line.score, line.name))
    return [*ranked, *rest, *references]
