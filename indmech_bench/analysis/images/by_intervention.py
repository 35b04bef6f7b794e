"""The error under each intervention that rows list, beside fit and log rho: a table a task."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from indmech_bench.analysis.drift.columns import median_columns
from indmech_bench.analysis.drift.course import Middle
from indmech_bench.analysis.method_lines import MethodLine, cells_by_task, section_of
from indmech_bench.analysis.task_rows import marked, newest_rows
from indmech_bench.errors import InputError
from indmech_bench.results.folder import existing_folder
from indmech_bench.results.row_fields import TaskRow, row_part
from indmech_bench.results.statuses import Status
from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, kept_interval

NOTES = (
    "medians over replicates; e of one intervention: divergence from the intervened truth over how far the "
    "intervention moves it; a replicate that failed counts as infinite error",
    "the line parts methods from references, which know more than a method may",
)
MORE = "--long shows their 95 % intervals, by order statistics"


@dataclass(frozen=True)
class Line(MethodLine):
    """One method or reference on one task: how well it fits, its log rho, and e by intervention."""

    n: int
    fit: Middle
    log_ratio: Middle
    errors: dict[str, Middle]


def by_intervention(folder: Path) -> dict[str, list[Line]]:
    """Task -> its lines, methods before references. Raises InputError where no row lists errors by intervention."""
    place = existing_folder(folder)
    rows = newest_rows(place)
    listed: dict[str, list[str]] = {}
    for row in rows:
        if row_part(row, "errors"):
            listed.setdefault(marked(row["task_label"], row["control"]), list(row_part(row, "errors")))
    if not listed:
        raise InputError(f"'{place}' holds no errors by intervention: none of its tasks lists them, see toy-faces.")
    cells = cells_by_task(rows)
    return {
        task: [_line(label, reference, own, names) for (reference, label), own in cells[task].items()]
        for task, names in listed.items()
    }


def _line(label: str, reference: bool, rows: Sequence[TaskRow], names: Sequence[str]) -> Line:
    def middle(part: str, name: str, worst: float | None) -> Middle:
        values = [row_part(row, part).get(name, worst) if row["status"] == Status.OK else worst for row in rows]
        return Middle.of([value for value in values if value is not None])

    errors = {name: middle("errors", name, math.inf) for name in names}
    fit = middle("metrics", "fit_error", math.inf)
    return Line(label, reference, len(rows), fit, middle("metrics", "log_generic_ratio", None), errors)


def document(folder: Path, found: dict[str, list[Line]], *, intervals: bool = False) -> Document:
    """A table a task; `intervals`: beside the medians, which readers otherwise see alone."""
    sections = [_section(task, lines, intervals) for task, lines in found.items()]
    more = () if intervals else (MORE,)
    return Document(f"Errors by intervention in {folder}", tuple(sections), (*NOTES, *more))


def _section(task: str, lines: Sequence[Line], intervals: bool) -> Section:
    def of(name: str) -> Callable[[Line], Middle]:
        return lambda line: line.errors[name]

    columns = (
        Column[Line]("n", "n", lambda line: line.n),
        *_median("fit_error", "fit", lambda line: line.fit, intervals),
        *_median("log_generic_ratio", "log rho", lambda line: line.log_ratio, intervals),
        *(
            column
            for name in lines[0].errors
            for column in _median(f"e:{name}", name.replace("stretch ", "×"), of(name), intervals)
        ),
    )
    return section_of(task, f"{task}: e under each intervention", lines, columns, {"task": task})


def _median(name: str, head: str, of: Callable[[Line], Middle], intervals: bool) -> tuple[Column[Line], ...]:
    """A median, with its interval in the same cell if wanted, and both as fields of their own."""
    if not intervals:
        return (
            Column[Line](name, head, lambda line: of(line).value),
            kept_interval(name, lambda line: of(line).interval),
        )
    return median_columns(name, head, of)
