"""Tables with a line a method and, ruled off, a line a reference: the rows of each, and the columns that begin it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from indmech_bench.analysis.labels import without_common
from indmech_bench.analysis.task_rows import marked
from indmech_bench.analysis.view import in_order
from indmech_bench.results.row_fields import TaskRow
from indmech_bench.results.statuses import Status
from indmech_bench.text.document import Section
from indmech_bench.text.tables import Column, Kind, Table, kept, shown

Cells = dict[tuple[bool, str], list[TaskRow]]
"""(Whether a reference, label) -> the rows of it, methods before references."""


@dataclass(frozen=True)
class MethodLine:
    """One method or reference, of which a table says something."""

    method: str
    reference: bool


Line = TypeVar("Line", bound=MethodLine)
Item = TypeVar("Item")


def cells_by_task(rows: Sequence[TaskRow]) -> dict[str, Cells]:
    """Task as readers see it -> its cells, in the catalogue's order; a task whose rows were all skipped has none."""
    places = {task: place for place, task in enumerate(in_order(rows))}
    found: dict[str, Cells] = {}
    for row in sorted(rows, key=lambda row: places[row["task_label"]]):
        cells = found.setdefault(marked(row["task_label"], row["control"]), {})
        if row["status"] != Status.SKIPPED:
            cells.setdefault((row["reference"], row["label"]), []).append(row)
    return {task: dict(sorted(cells.items())) for task, cells in found.items()}


def section_of(
    name: str, title: str, lines: Sequence[Line], columns: Sequence[Column[Line]], about: dict[str, str]
) -> Section:
    """A table of these columns behind the methods' names, without the settings that all methods have.

    about: the facts of the section.
    """

    def method_of(line: Line) -> str:
        return line.method

    named, common = named_columns([line.method for line in lines if not line.reference], method_of)
    reference: Column[Line] = kept("reference", lambda line: line.reference)
    table = Table(with_common(title, common), (*named, reference, *columns), tuple(lines), lambda line: line.reference)
    return Section(name, (table,), about)


def named_columns(methods: Sequence[str], of: Callable[[Item], str]) -> tuple[tuple[Column[Item], ...], str]:
    """The columns of a method's name, without the settings that all of these have, and in full; and these settings."""
    short, common = without_common(methods)

    def name_of(item: Item) -> str:
        return short.get(of(item), of(item))

    return (shown("method", name_of, kind=Kind.NAME), kept("method", of)), common


def with_common(title: str, common: str) -> str:
    """A table's title, with the settings that all its methods have and their names leave out."""
    return f"{title}; all methods with {common}" if common else title
