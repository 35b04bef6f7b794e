"""What the tables of `drift` say of a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from indmech_bench.analysis.drift import Checkpoint, Course, Middle
from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, Kind, Table, kept, kept_interval, shown

NOTE = "medians [95 % by order statistics]; a replicate that failed counts as infinite error"


def document(folder: Path, courses: Sequence[Course]) -> Document:
    """A table a task and setting, against the step, under what was found."""
    return Document(f"Drift from the truth in {folder}", tuple(map(_section, courses)), (NOTE,))


def _section(course: Course) -> Section:
    name = f"{course.task} {course.method}"
    columns: tuple[Column[Checkpoint], ...] = (
        kept("task", lambda checkpoint: course.task),
        kept("method", lambda checkpoint: course.method),
        Column("step", "step", lambda checkpoint: checkpoint.step, kind=Kind.NAME),
        *_median("log_generic_ratio", "log rho", lambda checkpoint: checkpoint.log_generic_ratio),
        *_median("fit_error", "fit", lambda checkpoint: checkpoint.fit_error),
        *_median("extrapolation_error", "e", lambda checkpoint: checkpoint.extrapolation_error),
    )
    facts = {"task": course.task, "method": course.method, "found": course.found}
    return Section(name, (Table(f"{name}: {course.found}", columns, course.checkpoints),), facts)


def _median(name: str, head: str, of: Callable[[Checkpoint], Middle]) -> tuple[Column[Checkpoint], ...]:
    """A median with its interval in one cell, and as fields of their own."""
    return (
        shown(head, lambda checkpoint: str(of(checkpoint))),
        kept(f"median_{name}", lambda checkpoint: of(checkpoint).value),
        kept_interval(f"median_{name}", lambda checkpoint: of(checkpoint).interval),
    )
