"""The leaderboard: what each method reached in a view, failures counted, references beside (DESIGN, tables)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from indmech_bench.catalogue import Catalogue
from indmech_bench.errors import InputError, unknown
from indmech_bench.metrics import BY_NAME
from indmech_bench.partition import GROUPINGS, grouped
from indmech_bench.resampling import interquartile_mean_interval
from indmech_bench.results import existing_folder, read_folder, read_manifest
from indmech_bench.rows import Row, uncollected
from indmech_bench.significance import TIE
from indmech_bench.statistics import interquartile_mean, median_interval, wilson_interval
from indmech_bench.views import newest, starting_at_truth, with_labels

MEDIAN = "extrapolation_error"

Pair = tuple[str, int]
"""A task (with its settings) and a seed."""
Interval = tuple[float, float] | None


@dataclass(frozen=True)
class Line:
    """One method or reference in a view. Medians count a failed replicate as the worst value there is.

    Intervals are of 95 %: Wilson's for `identified`, order statistics for medians, BCa stratified by task for `score`;
    None where there are too few replicates. `by_task` holds `identified` and the median of the metric,
    `by_task_intervals` that median's interval.
    """

    name: str
    reference: bool
    rank: int | None
    identified: float
    interval: Interval
    medians: dict[str, float | None]
    median_intervals: dict[str, Interval]
    score: float
    score_interval: Interval
    ok: int
    failed: int
    skipped: int
    missing: int
    cost: float | None
    seconds: float | None
    by_task: dict[str, dict[str, float | None]] = field(default_factory=dict)
    by_task_intervals: dict[str, Interval] = field(default_factory=dict)

    @property
    def attempted(self) -> int:
        return self.ok + self.failed


@dataclass(frozen=True)
class Leaderboard:
    """Lines of a view: ranked methods by rank, then methods that do not cover it, then references.

    `group`: which rows of the folder the view is of; empty for all.
    """

    folder: Path
    metric: str
    tasks: tuple[str, ...]
    pairs: int
    lines: tuple[Line, ...]
    left_out: int
    group: str = ""
    beside: tuple[Path, ...] = ()

    def __str__(self) -> str:
        from indmech_bench.tables import as_text

        return as_text([self])


def leaderboard(
    folder: str | Path, *, metric: str = MEDIAN, family: str | None = None, beside: Sequence[str | Path] = ()
) -> Leaderboard:
    """The leaderboard of a results folder, with the rows of the folders `beside` it.

    A view holds every (task, seed) that any row of the folder has. A failed replicate has e = infinity, score 0 and
    is not identified; one that is missing is a hole. Rank is by the interquartile mean of `score` over the view's
    pairs, ties within 1e-6; a method with holes or skipped tasks is not ranked. `metric` is what the medians by task
    show; `family` keeps the tasks of one family. Tasks that start at the truth are left out. Raises InputError.
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
    """The leaderboard of each group of rows, as `leaderboard`; one of all rows where `group_by` is None.

    group_by: family, dependence, observation, budget or protocol. Raises InputError.
    """
    if metric not in BY_NAME:
        raise unknown("metric", metric, BY_NAME)
    if group_by is not None and group_by not in GROUPINGS:
        raise unknown("grouping", group_by, GROUPINGS)
    places = tuple(map(existing_folder, (folder, *beside)))
    rows, left_out = ranked_rows(places, family)
    groups = {"": rows} if group_by is None else grouped(rows, group_by, families(places))
    return tuple(
        _board(own, places, metric, left_out, f"{group_by}: {name}" if group_by else "") for name, own in groups.items()
    )


@uncollected()
def ranked_rows(places: Sequence[Path], family: str | None = None) -> tuple[list[Row], int]:
    """The labelled rows of some folders that may be ranked, and how many of older code were left out.

    Raises InputError.
    """
    place = places[0]
    rows, left_out = newest([row for one in places for row in read_folder(one)])
    if not rows:
        raise InputError(f"'{place}' holds no rows yet.")
    unranked = starting_at_truth()
    rows = [row for row in rows if row["task"] not in unranked]
    if not rows:
        raise InputError(f"'{place}' holds only tasks that start at the truth: see indmech-bench drift {place}.")
    return with_labels(_of_family(rows, places, family)), left_out


def by_method(rows: Iterable[Row]) -> dict[tuple[bool, str], dict[Pair, Row]]:
    """(whether a reference, label) -> its rows by pair, tasks and seeds in one order for all."""
    groups: dict[tuple[bool, str], dict[Pair, Row]] = {}
    for row in sorted(rows, key=lambda row: (row["task_label"], row["seed"])):
        groups.setdefault((row["reference"], row["label"]), {})[row["task_label"], row["seed"]] = row
    return groups


def _board(rows: Sequence[Row], places: Sequence[Path], metric: str, left_out: int, group: str) -> Leaderboard:
    tasks = in_order(rows)
    pairs = {(row["task_label"], row["seed"]) for row in rows}
    lines = [_line(name, reference, own, pairs, tasks, metric) for (reference, name), own in by_method(rows).items()]
    return Leaderboard(places[0], metric, tasks, len(pairs), tuple(_ranked(lines)), left_out, group, tuple(places[1:]))


def in_order(rows: Iterable[Row]) -> tuple[str, ...]:
    """Task labels in the catalogue's order, unknown ones last."""
    known = {entry.name: position for position, entry in enumerate(Catalogue.read().of_kind("task"))}
    labels = {row["task_label"]: known.get(row["task"], len(known)) for row in rows}
    return tuple(sorted(labels, key=lambda text: (labels[text], text)))


def families(places: Sequence[Path]) -> dict[str, str]:
    """Task -> family, as the folders' manifests have it."""
    entries = [entry for place in places for entry in read_manifest(place)["runs"].values()]
    return {task: family for entry in entries for task, family in entry.get("families", {}).items()}


def _of_family(rows: Sequence[Row], places: Sequence[Path], family: str | None) -> Sequence[Row]:
    if family is None:
        return rows
    known = families(places)
    present = {known.get(row["task"], "") for row in rows}
    if family not in present:
        raise unknown("family", family, present - {""})
    return [row for row in rows if known.get(row["task"]) == family]


def _line(
    name: str, reference: bool, own: Mapping[Pair, Row], pairs: set[Pair], tasks: Iterable[str], metric: str
) -> Line:
    tried = [row for row in own.values() if row["status"] != "skipped"]
    ok = [row for row in tried if row["status"] == "ok"]
    identified = int(sum(row["metrics"].get("identified", 0) for row in ok))
    scores = [row["metrics"].get("score", 0.0) for row in tried]
    shown = {one: _values(tried, one) for one in dict.fromkeys(("fit_error", MEDIAN, metric))}
    by_task: dict[str, list[Row]] = {task: [] for task in tasks}
    for row in tried:
        by_task[row["task_label"]].append(row)
    return Line(
        name=name,
        reference=reference,
        rank=None,
        identified=identified / len(tried) if tried else float("nan"),
        interval=wilson_interval(identified, len(tried)) if len(tried) > 1 else None,
        medians={one: _median(values) for one, values in shown.items()},
        median_intervals={one: median_interval(values) for one, values in shown.items()},
        score=interquartile_mean(scores) if tried else float("nan"),
        score_interval=interquartile_mean_interval(scores, [row["task_label"] for row in tried]),
        ok=len(ok),
        failed=len(tried) - len(ok),
        skipped=len(own) - len(tried),
        missing=len(pairs - own.keys()),
        cost=_typical(row["cost"] for row in ok),
        seconds=_typical(row["seconds"] for row in ok),
        by_task={task: _of_task(rows, metric) for task, rows in by_task.items()},
        by_task_intervals={task: median_interval(_values(rows, metric)) for task, rows in by_task.items()},
    )


def _of_task(rows: list[Row], metric: str) -> dict[str, float | None]:
    if not rows:
        return {"identified": None, metric: None}
    identified = sum(row["metrics"].get("identified", 0) for row in rows) / len(rows)
    return {"identified": identified, metric: median(rows, metric)}


def _values(rows: Sequence[Row], metric: str) -> list[float]:
    """A metric of every replicate, the worst value where it failed; of none where no ok row has the metric."""
    if any(row["status"] == "ok" for row in rows) and not any(metric in row["metrics"] for row in rows):
        return []
    values = [row["metrics"].get(metric) for row in rows if metric in row["metrics"] or row["status"] != "ok"]
    numbers = [worst(metric) if value is None else value for value in values]
    return [number for number in numbers if not math.isnan(number)]


def error_of(row: Row) -> float:
    """e of a replicate, infinite where it failed."""
    value = row["metrics"].get(MEDIAN) if row["status"] == "ok" else None
    return float("inf") if value is None else float(value)


def median(rows: Sequence[Row], metric: str) -> float | None:
    """Median of a metric; failed rows count as the worst value. None where no row that is ok has the metric."""
    return _median(_values(rows, metric))


def _median(values: Sequence[float]) -> float | None:
    # the middle two of an even number may be finite and infinite: their mean is infinite, as it should be
    return float(np.median(values)) if values else None


def worst(metric: str) -> float:
    """What a failed replicate counts as: NaN (left out) for a metric that is no aim."""
    if metric in ("score", "identified", "exact"):
        return 0.0
    return {"lower": float("inf"), "higher": float("-inf"), "": float("nan")}[BY_NAME[metric].better]


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
