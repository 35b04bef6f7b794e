"""Does training leave the truth? The section of its own for tasks that start there (THEORY 3.1, drift)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from indmech_bench.analysis.labels import starting_at_truth, with_labels
from indmech_bench.errors import InputError
from indmech_bench.results.current import newest
from indmech_bench.results.folder import existing_folder, read_folder
from indmech_bench.results.rows import Row
from indmech_bench.scoring.metrics import IDENTIFIED_ERROR
from indmech_bench.statistics.estimates import median_interval
from indmech_bench.text.numbers import number

SHOWN = ("log_generic_ratio", "fit_error", "extrapolation_error")
FITS = 0.01
"""Above this fit error training has left the data, not only the truth."""


def drift_lines(folder: str | Path) -> list[str]:
    """For every setting a sentence that says what was found, then medians with 95 % intervals against the step.

    Raises InputError where no task of the folder starts at the truth, or none of its rows has checkpoints.
    """
    place = existing_folder(folder)
    started = starting_at_truth()
    rows = [row for row in with_labels(newest(read_folder(place))[0]) if row["task"] in started]
    if not rows:
        raise InputError(f"'{place}' holds no task that starts at the truth: run the suite drift.")
    settings: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if not row["reference"]:
            settings[row["task_label"], row["label"]].append(row)
    lines: list[str] = []
    for (task, label), own in settings.items():
        steps = _steps(own)
        if steps:
            lines += [f"{task} {label}", f"  {_sentence(own, steps)}", *_table(own, steps), ""]
    if not lines:
        raise InputError(f"'{place}' has no checkpoints: give the method the setting checkpoints.")
    return [*lines, "medians [95 % by order statistics]; a replicate that failed counts as infinite error"]


def _steps(rows: Sequence[Row]) -> list[int]:
    """The steps at which the rows were scored."""
    prefix = "extrapolation_error@"
    return sorted(
        {int(name.removeprefix(prefix)) for row in rows for name in row["details"] if name.startswith(prefix)}
    )


def _values(rows: Sequence[Row], metric: str, step: int) -> list[float]:
    """A metric at a step, one a replicate; where it is not finite, infinite error or no log rho."""
    values = [row["details"].get(f"{metric}@{step}") for row in rows]
    if metric == "log_generic_ratio":
        return [value for value in values if value is not None]
    return [float("inf") if value is None else value for value in values]


def _summary(values: Sequence[float]) -> str:
    if not values:
        return "–"
    interval = median_interval(values)
    text = number(float(np.median(values)))
    return text if interval is None else f"{text} [{number(interval[0])}, {number(interval[1])}]"


def _table(rows: Sequence[Row], steps: Sequence[int]) -> list[str]:
    cells = [["step", "log rho", "fit", "e"]]
    cells += [[str(step), *(_summary(_values(rows, metric, step)) for metric in SHOWN)] for step in steps]
    widths = [max(len(row[i]) for row in cells) for i in range(4)]
    return ["  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]


def _sentence(rows: Sequence[Row], steps: Sequence[int]) -> str:
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
    change = f"log rho {direction} (median change {_summary(moved)})"
    if float(np.median(fit)) > FITS:
        what = f"leaves the fit (fit {_summary(fit)} after {last} steps): the step is too long to speak of drift"
    elif float(np.median(error)) < IDENTIFIED_ERROR:
        what = f"stays at the truth (e {_summary(error)} after {last} steps)"
    else:
        what = f"leaves the truth at a fit (e {_summary(error)} after {last} steps)"
    return f"{what}; {change}."
