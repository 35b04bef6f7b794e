"""Does training leave the truth? The section of its own for tasks that start there (THEORY 3.1, drift)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indmech_bench.analysis.labels import starting_at_truth, with_labels
from indmech_bench.errors import InputError
from indmech_bench.results.current import newest
from indmech_bench.results.folder import existing_folder, read_folder
from indmech_bench.results.row_fields import LabelledRow
from indmech_bench.scoring.metrics import IDENTIFIED_ERROR
from indmech_bench.statistics.estimates import median_interval
from indmech_bench.text.numbers import bracketed, number

FITS = 0.01
"""Above this fit error training has left the data, not only the truth."""


@dataclass(frozen=True)
class Middle:
    """A median over replicates with its 95 % interval by order statistics; None where there are no values."""

    value: float | None
    interval: tuple[float, float] | None

    @classmethod
    def of(cls, values: Sequence[float]) -> Middle:
        return cls(float(np.median(values)), median_interval(values)) if values else cls(None, None)

    def __str__(self) -> str:
        return f"{number(self.value)} {bracketed(self.interval)}".strip()


@dataclass(frozen=True)
class Checkpoint:
    """Where training stood after so many steps; a replicate that failed counts as infinite error."""

    step: int
    log_generic_ratio: Middle
    fit_error: Middle
    extrapolation_error: Middle


@dataclass(frozen=True)
class Course:
    """How one setting of a method moved from the truth on a task, and a sentence that says what was found."""

    task: str
    method: str
    found: str
    checkpoints: tuple[Checkpoint, ...]


def courses(folder: str | Path) -> tuple[Course, ...]:
    """One of every task and setting whose rows have checkpoints.

    Raises InputError where no task of the folder starts at the truth, or none of its rows has checkpoints.
    """
    place = existing_folder(folder)
    started = starting_at_truth()
    rows = [row for row in with_labels(newest(read_folder(place))[0]) if row["task"] in started]
    if not rows:
        raise InputError(f"'{place}' holds no task that starts at the truth: run the suite drift.")
    settings: dict[tuple[str, str], list[LabelledRow]] = defaultdict(list)
    for row in rows:
        if not row["reference"]:
            settings[row["task_label"], row["label"]].append(row)
    found = tuple(
        Course(task, label, _sentence(replicates, steps), tuple(_checkpoint(replicates, step) for step in steps))
        for (task, label), replicates in settings.items()
        if (steps := _steps(replicates))
    )
    if not found:
        raise InputError(f"'{place}' has no checkpoints: give the method the setting checkpoints.")
    return found


def _checkpoint(rows: Sequence[LabelledRow], step: int) -> Checkpoint:
    return Checkpoint(
        step,
        log_generic_ratio=Middle.of(_values(rows, "log_generic_ratio", step)),
        fit_error=Middle.of(_values(rows, "fit_error", step)),
        extrapolation_error=Middle.of(_values(rows, "extrapolation_error", step)),
    )


def _steps(rows: Sequence[LabelledRow]) -> list[int]:
    """The steps at which the rows were scored."""
    prefix = "extrapolation_error@"
    return sorted(
        {int(name.removeprefix(prefix)) for row in rows for name in row["details"] if name.startswith(prefix)}
    )


def _values(rows: Sequence[LabelledRow], metric: str, step: int) -> list[float]:
    """A metric at a step, one a replicate; where it is not finite, infinite error or no log rho."""
    values = [row["details"].get(f"{metric}@{step}") for row in rows]
    if metric == "log_generic_ratio":
        return [value for value in values if value is not None]
    return [float("inf") if value is None else value for value in values]


def _sentence(rows: Sequence[LabelledRow], steps: Sequence[int]) -> str:
    """What was found, from the intervals alone."""
    first, last = steps[0], steps[-1]
    moved = [
        row["details"][f"log_generic_ratio@{last}"] - row["details"][f"log_generic_ratio@{first}"]
        for row in rows
        if None not in (row["details"].get(f"log_generic_ratio@{step}") for step in (first, last))
    ]
    fit, error = (_values(rows, metric, last) for metric in ("fit_error", "extrapolation_error"))
    interval = median_interval(moved) if moved else None
    direction = "does not move measurably"
    if interval and interval[0] > 0:
        direction = "rises towards balance"
    elif interval and interval[1] < 0:
        direction = "falls"
    change = f"log rho {direction} (median change {Middle.of(moved)})"
    if float(np.median(fit)) > FITS:
        what = f"leaves the fit (fit {Middle.of(fit)} after {last} steps): the step is too long to speak of drift"
    elif float(np.median(error)) < IDENTIFIED_ERROR:
        what = f"stays at the truth (e {Middle.of(error)} after {last} steps)"
    else:
        what = f"leaves the truth at a fit (e {Middle.of(error)} after {last} steps)"
    return f"{what}; {change}."
