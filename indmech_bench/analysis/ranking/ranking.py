"""The leaderboard: what each method reached in a view, failures counted, references beside."""

from __future__ import annotations

import math
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
    in_order,
    median,
    median_of,
    score_of,
    tabled_rows,
    values_of,
)
from indmech_bench.errors import unknown
from indmech_bench.results.folder import existing_folder
from indmech_bench.results.row_fields import TaskRow
from indmech_bench.results.statuses import Status
from indmech_bench.scoring.metrics import BY_NAME
from indmech_bench.statistics.estimates import median_interval, wilson_interval
from indmech_bench.statistics.rankings import Scores, rank_methods


def leaderboard(
    folder: str | Path, *, metric: str = MEDIAN, family: str | None = None, beside: Sequence[str | Path] = ()
) -> Leaderboard:
    """The leaderboard of a results folder, with the rows of the folders `beside` it.

    A view holds every (task, seed) that any row of the folder has. A failed replicate has e = infinity, score 0 and
    is not identified; one that is missing is a hole. Rank is by the mean over families of the mean over their tasks of
    the interquartile mean of `score` within a task, ties within 1e-6; a method with holes or skipped tasks is not
    ranked. Controls, tasks whose truths have a given rho, are shown by task and enter neither ranks nor overall
    figures. Tasks that start at the truth are left out. Raises InputError.

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
    rows, left_out = tabled_rows(places, family)
    views = {"": rows} if group_by is None else grouped(rows, group_by)
    return tuple(
        board_of(of_view, places, metric, left_out, f"{group_by}: {name}" if group_by else "")
        for name, of_view in views.items()
    )


def board_of(
    rows: Sequence[TaskRow], places: Sequence[Path], metric: str = MEDIAN, left_out: int = 0, view: str = ""
) -> Leaderboard:
    """The leaderboard of one view: of rows that `tabled_rows` gave of the folders `places`."""
    tasks = in_order(rows)
    families = {row["task_label"]: row["family"] for row in rows if not row["control"]}
    counting = {task: families[task] for task in tasks if task in families}
    pairs = {(row["task_label"], row["seed"]) for row in rows if not row["control"]}
    lines: list[Line] = []
    scores: dict[str, Scores] = {}
    for (reference, name), replicates in by_method(rows).items():
        own = _scores(replicates, counting)
        line = _line(name, reference, replicates, pairs, tasks, metric, own)
        if counting and not (reference or line.missing or line.skipped):
            scores[name] = own
        lines.append(line)
    lines, resampled = _ranked(lines, scores, tuple(counting))
    controls = tuple(task for task in tasks if task not in counting)
    return Leaderboard(
        folder=places[0],
        metric=metric,
        tasks=tasks,
        controls=controls,
        pairs=len(pairs),
        lines=tuple(sorted(lines, key=_place)),
        left_out=left_out,
        resampled=resampled,
        view=view,
        beside=tuple(places[1:]),
    )


def _scores(replicates: Mapping[Pair, TaskRow], counting: Mapping[str, str]) -> Scores:
    """Of the tasks that count and that were tried, in one order for all methods."""
    samples: dict[str, list[float]] = {task: [] for task in counting}
    for (task, _), row in replicates.items():
        if task in counting and row["status"] != Status.SKIPPED:
            samples[task].append(score_of(row))
    tried = {task: np.array(sample) for task, sample in samples.items() if sample}
    return Scores(tuple(tried.values()), tuple(counting[task] for task in tried))


def _line(
    name: str,
    reference: bool,
    replicates: Mapping[Pair, TaskRow],
    pairs: set[Pair],
    tasks: Iterable[str],
    metric: str,
    scores: Scores,
) -> Line:
    by_task: dict[str, list[TaskRow]] = {task: [] for task in tasks}
    for row in replicates.values():
        if row["status"] != Status.SKIPPED:
            by_task[row["task_label"]].append(row)
    counting = [row for pair, row in replicates.items() if pair in pairs]
    tried = [row for row in counting if row["status"] != Status.SKIPPED]
    ok = [row for row in tried if row["status"] == Status.OK]
    identified = int(sum(row["metrics"].get("identified", 0) for row in ok))
    shown = {measure: values_of(tried, measure) for measure in dict.fromkeys(("fit_error", MEDIAN, metric))}
    return Line(
        name=name,
        reference=reference,
        identified=identified / len(tried) if tried else float("nan"),
        interval=wilson_interval(identified, len(tried)) if len(tried) > 1 else None,
        medians={measure: median_of(values) for measure, values in shown.items()},
        median_intervals={measure: median_interval(values) for measure, values in shown.items()},
        score=scores.aggregate,
        score_interval=scores.interval,
        ok=len(ok),
        failed=len(tried) - len(ok),
        skipped=len(counting) - len(tried),
        missing=len(pairs) - len(counting),
        cost=_typical(row["cost"] for row in ok),
        seconds=_typical(row["seconds"] for row in ok),
        by_task={task: _of_task(rows, metric) for task, rows in by_task.items()},
        by_task_intervals={task: median_interval(values_of(rows, metric)) for task, rows in by_task.items()},
    )


def _of_task(rows: list[TaskRow], metric: str) -> dict[str, float | None]:
    if not rows:
        return {"identified": None, metric: None}
    identified = sum(row["metrics"].get("identified", 0) for row in rows) / len(rows)
    return {"identified": identified, metric: median(rows, metric)}


def _typical(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _ranked(lines: list[Line], scores: Mapping[str, Scores], tasks: Sequence[str]) -> tuple[list[Line], str]:
    """The lines with what is known of the ranks of those that have scores, and what was drawn anew for that."""
    if not scores:
        return lines, ""
    found = rank_methods([*scores.values()])
    numbers = {name: i for i, name in enumerate(scores)}
    placed = []
    for line in lines:
        i = None if line.reference else numbers.get(line.name)
        if i is None:
            placed.append(line)
            continue
        rank = int(found.ranks[i])
        without = [] if found.left_out is None else found.left_out[i].tolist()
        moves = [abs(other - rank) for other in without]
        placed.append(
            replace(
                line,
                rank=rank,
                rank_interval=None if found.intervals is None else _ends(found.intervals[i].tolist()),
                tier=None if found.tiers is None else int(found.tiers[i]),
                leave_one_out=_ends(without) if without else None,
                leave_one_out_task=tasks[moves.index(max(moves))] if any(moves) else None,
            )
        )
    return placed, found.resampled


def _ends(ranks: Sequence[int]) -> tuple[int, int]:
    return min(ranks), max(ranks)


def _place(line: Line) -> tuple[bool, bool, float, str]:
    """Ranked methods, best first; unranked ones by coverage; references by their scores."""
    by_score = line.reference or line.rank is not None
    first = 0.0 if math.isnan(line.score) else -line.score
    return line.reference, line.rank is None, first if by_score else -line.attempted, line.name
