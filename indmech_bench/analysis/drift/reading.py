"""The courses of a results folder, each beside its full-batch control (docs/theory.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from indmech_bench.analysis.drift.course import Against, Checkpoint, Course, Middle, Rate
from indmech_bench.analysis.labels import starting_at_truth, with_labels
from indmech_bench.errors import InputError
from indmech_bench.results.current import frozen, newest
from indmech_bench.results.folder import existing_folder, read_folder
from indmech_bench.results.row_fields import LabelledRow
from indmech_bench.statistics.significance import differences, holm, signed_rank_pvalue

NOISE = {"batch": None, "label_noise": 0.0}
"""Settings that make training stochastic, with what a full-batch control has for them."""
LARGEST = "largest_log_generic_ratio"
"""The fact of a truth that says the largest log rho of any solution."""
Rows = Mapping[int, LabelledRow]


def courses(folder: str | Path) -> tuple[Course, ...]:
    """One of every task and setting whose rows have checkpoints, controls before the regimes that they are of.

    Raises InputError where no task of the folder starts at the truth, or none of its rows has checkpoints.
    """
    place = existing_folder(folder)
    started = starting_at_truth()
    rows = [row for row in with_labels(newest(read_folder(place))[0]) if row["task"] in started]
    if not rows:
        raise InputError(f"'{place}' holds no task that starts at the truth: run the suite drift.")
    regimes: dict[tuple[str, str], dict[int, LabelledRow]] = defaultdict(dict)
    for row in rows:
        if not row["reference"]:
            regimes[row["task_label"], row["label"]][row["seed"]] = row
    made = {names: replicates for names, replicates in regimes.items() if _steps(replicates)}
    if not made:
        raise InputError(f"'{place}' has no checkpoints: give the method the setting checkpoints.")
    controls = {_without_noise(rows): names for names, rows in made.items() if not _is_stochastic(rows)}
    found = []
    for names, replicates in sorted(made.items(), key=_place):
        control = controls.get(_without_noise(replicates)) if _is_stochastic(replicates) else None
        against = None if control is None else _against(control[1], replicates, made[control])
        found.append(replace(_course(*names, replicates), against=against))
    return tuple(_corrected(found))


def _place(regime: tuple[tuple[str, str], Rows]) -> tuple[str, str, bool, str]:
    """An order that does not hang on which rows were made first."""
    (task, label), rows = regime
    return task, repr(_without_noise(rows)), _is_stochastic(rows), label


def _first(rows: Rows) -> LabelledRow:
    return next(iter(rows.values()))


def _is_stochastic(rows: Rows) -> bool:
    settings = _first(rows)["settings"]
    return any(settings.get(name, value) != value for name, value in NOISE.items())


def _without_noise(rows: Rows) -> tuple[Any, ...]:
    """What a regime shares with its control."""
    row = _first(rows)
    settings = {name: value for name, value in row["settings"].items() if name not in NOISE}
    fields = [row["task_label"], row["method"], row["protocol"], row["budget"], row["precision"], row["salt"]]
    return (*fields, row["training"], frozen(settings))


def _course(task: str, method: str, rows: Rows) -> Course:
    steps = _steps(rows)
    ways = [_ends(row, steps) for row in rows.values()]
    known = [(begin, end, row["truth"].get(LARGEST)) for row, (begin, end) in zip(rows.values(), ways, strict=True)]
    moved = [(begin, end, most) for begin, end, most in known if begin is not None and end is not None]
    shares = [(end - begin) / (most - begin) for begin, end, most in moved if most is not None and most != begin]
    return Course(
        task=task,
        method=method,
        settings=_first(rows)["settings"],
        stochastic=_is_stochastic(rows),
        n=len(rows),
        checkpoints=tuple(_checkpoint(rows, step) for step in steps),
        change=Middle.of([end - begin for begin, end, _ in moved]),
        rises=Rate.of([end > begin for begin, end, _ in moved]),
        away=Middle.of([abs(end) - abs(begin) for begin, end, _ in moved]),
        way=Middle.of(shares),
    )


def _ends(row: LabelledRow, steps: Sequence[int]) -> tuple[float | None, float | None]:
    """log rho at the first and at the last step."""
    first, last = (row["details"].get(f"log_generic_ratio@{step}") for step in (steps[0], steps[-1]))
    return first, last


def _checkpoint(rows: Rows, step: int) -> Checkpoint:
    return Checkpoint(
        step,
        log_generic_ratio=Middle.of([*_at(rows, "log_generic_ratio", step).values()]),
        fit_error=Middle.of([*_at(rows, "fit_error", step).values()]),
        extrapolation_error=Middle.of([*_at(rows, "extrapolation_error", step).values()]),
    )


def _steps(rows: Rows) -> list[int]:
    """The steps at which the rows were scored."""
    prefix = "extrapolation_error@"
    return sorted(
        {int(name.removeprefix(prefix)) for row in rows.values() for name in row["details"] if name.startswith(prefix)}
    )


def _at(rows: Rows, metric: str, step: int) -> dict[int, float]:
    """A metric at a step by seed; where it is not finite, infinite error or no log rho."""
    values = {seed: row["details"].get(f"{metric}@{step}") for seed, row in rows.items()}
    if metric == "log_generic_ratio":
        return {seed: value for seed, value in values.items() if value is not None}
    return {seed: float("inf") if value is None else value for seed, value in values.items()}


def _against(label: str, rows: Rows, control: Rows) -> Against | None:
    """The last checkpoint beside that of the control; None where no seed is shared."""
    moved = []
    for metric in ("extrapolation_error", "log_generic_ratio"):
        own, other = _at(rows, metric, _steps(rows)[-1]), _at(control, metric, _steps(control)[-1])
        shared = [seed for seed in own if seed in other]
        moved.append(differences([other[seed] for seed in shared], [own[seed] for seed in shared]))
    error, ratio = moved
    if not len(error):
        return None
    tests = (signed_rank_pvalue(error), signed_rank_pvalue(ratio))
    return Against(label, len(error), Middle.of([*error]), Middle.of([*ratio]), *tests)


def _corrected(found: Sequence[Course]) -> list[Course]:
    """Both p-values of every regime, corrected together."""
    tests = [course.against for course in found if course.against is not None]
    adjusted = iter(holm([p for against in tests for p in (against.p_error, against.p_ratio)]))
    return [
        course
        if course.against is None
        else replace(course, against=replace(course.against, p_error=next(adjusted), p_ratio=next(adjusted)))
        for course in found
    ]
