"""The rows that a table is about: which are ranked, in which order, and what a failed one counts as."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from indmech_bench.analysis.labels import starting_at_truth, with_labels
from indmech_bench.analysis.task_rows import families, with_tasks
from indmech_bench.errors import InputError, unknown
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.results.current import newest
from indmech_bench.results.folder import read_folder
from indmech_bench.results.row_fields import Row, TaskRow
from indmech_bench.results.rows import uncollected
from indmech_bench.results.statuses import Status
from indmech_bench.scoring.metrics import BY_NAME

MEDIAN = "extrapolation_error"

Pair = tuple[str, int]
"""A task (with its settings) and a seed."""


class OnlyFromTheTruthError(InputError):
    """All rows are of tasks in which training starts at the truth."""


@uncollected()
def tabled_rows(places: Sequence[Path], family: str | None = None) -> tuple[list[TaskRow], int]:
    """The rows of some folders that tables are about, controls among them, and how many of older code were left out.

    Tasks in which training starts at the truth are a question of their own: they are left out. Raises InputError,
    OnlyFromTheTruthError where there are no others.
    """
    place = places[0]
    rows, left_out = newest([row for folder in places for row in read_folder(folder)])
    if not rows:
        raise InputError(f"'{place}' holds no rows yet.")
    unranked = starting_at_truth()
    rows = [row for row in rows if row["task"] not in unranked]
    if not rows:
        raise OnlyFromTheTruthError(
            f"'{place}' holds only tasks that start at the truth: see indmech-bench drift {place}."
        )
    if family is not None:
        known = families(places)
        present = {known.get(row["task"], "") for row in rows}
        if family not in present:
            raise unknown("family", family, present - {""})
        rows = [row for row in rows if known.get(row["task"]) == family]
    return with_tasks(with_labels(rows), places), left_out


def by_method(rows: Iterable[TaskRow]) -> dict[tuple[bool, str], dict[Pair, TaskRow]]:
    """(whether a reference, label) -> its rows by pair, tasks and seeds in one order for all."""
    groups: dict[tuple[bool, str], dict[Pair, TaskRow]] = {}
    for row in sorted(rows, key=lambda row: (row["task_label"], row["seed"])):
        groups.setdefault((row["reference"], row["label"]), {})[row["task_label"], row["seed"]] = row
    return groups


def covering(rows: Iterable[TaskRow]) -> dict[str, dict[Pair, TaskRow]]:
    """The rows of each method that was tried on all of their (task, seed) pairs: without holes or skipped tasks."""
    groups = by_method(rows)
    pairs = {pair for replicates in groups.values() for pair in replicates}
    return {
        name: replicates
        for (reference, name), replicates in groups.items()
        if not reference
        and len(replicates) == len(pairs)
        and all(row["status"] != Status.SKIPPED for row in replicates.values())
    }


def in_order(rows: Iterable[Mapping[str, object]]) -> tuple[str, ...]:
    """Task labels of what has `task` and `task_label`, in the catalogue's order, unknown ones last."""
    known = {entry.name: position for position, entry in enumerate(Catalogue.read().of_kind("task"))}
    labels = {str(row["task_label"]): known.get(str(row["task"]), len(known)) for row in rows}
    return tuple(sorted(labels, key=lambda text: (labels[text], text)))


def values_of(rows: Sequence[Row], metric: str) -> list[float]:
    """A metric of every replicate, the worst value where it failed; of none where no ok row has the metric."""
    if any(row["status"] == Status.OK for row in rows) and not any(metric in row["metrics"] for row in rows):
        return []
    values = [row["metrics"].get(metric) for row in rows if metric in row["metrics"] or row["status"] != Status.OK]
    worst = BY_NAME[metric].worst
    numbers = [worst if value is None else value for value in values]
    return [number for number in numbers if not math.isnan(number)]


def error_of(row: Row, metric: str = MEDIAN) -> float:
    """e of a replicate, or another error of it; infinite where it failed."""
    value = row["metrics"].get(metric) if row["status"] == Status.OK else None
    return float("inf") if value is None else float(value)


def score_of(row: Row) -> float:
    """`score` of a replicate, what methods are ranked and tested by; 0 where it failed."""
    value = row["metrics"].get("score") if row["status"] == Status.OK else None
    return 0.0 if value is None else float(value)


def median(rows: Sequence[Row], metric: str) -> float | None:
    """Median of a metric; failed rows count as the worst value. None where no row that is ok has the metric."""
    return median_of(values_of(rows, metric))


def median_of(values: Sequence[float]) -> float | None:
    # the middle two of an even number may be finite and infinite: their mean is infinite, as it should be
    return float(np.median(values)) if values else None
