"""Tables as the page's template has them: cells, and what they are sorted by."""

from __future__ import annotations

import math
import re
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from indmech_bench.text.document import Document, Section
from indmech_bench.text.lines import printable
from indmech_bench.text.tables import Column, Kind, Table
from indmech_bench.text.writing import write

LEADING = re.compile(r"-?\d[\d,]*(\.\d+)?(e[-+]?\d+)?")
ABSENT, INFINITE = 9e307, 9e306
"""What cells without a number, and those of infinite ones, are sorted by: after all others."""


@dataclass(frozen=True)
class PageTable:
    """A table of the page. head: (text, kind) a column; rows: (text, sorted by or empty, kind) a cell; aside: marks."""

    name: str
    caption: str
    head: list[tuple[str, str]]
    rows: list[list[tuple[str, str, str]]]
    aside: list[bool]
    csv: str
    paged: bool

    @property
    def named(self) -> int:
        """The column that names each line."""
        return next((place for place, (_, kind) in enumerate(self.head) if kind == Kind.NAME.value), 0)


def page_table(name: str, table: Table[Any], *, paged: bool = False) -> PageTable:
    """A table with its data as CSV; `paged`: a screenful at a time."""
    kinds = [column.kind.value for column in table.visible]
    cells = [column.even_cells(table.items) for column in table.visible]
    orders = [[_order(column, item) for item in table.items] for column in table.visible]
    rows = [
        list(zip(*line, kinds, strict=True))
        for line in zip(zip(*cells, strict=True), zip(*orders, strict=True), strict=True)
    ]
    document = Document(table.title, (Section("", (table,)),))
    return PageTable(
        name=name,
        caption=printable(table.title),
        head=list(zip(table.head, kinds, strict=True)),
        rows=rows,
        aside=table.marks,
        csv=data_uri("text/csv", write(document, "csv")),
        paged=paged,
    )


def _order(column: Column[Any], item: Any) -> str:
    """What a cell of numbers is sorted by; empty for one of text, which is sorted as it is read."""
    if column.kind is not Kind.NUMBER:
        return ""
    value = column.value(item)
    if isinstance(value, tuple | list):
        value = value[0] if value else None
    if isinstance(value, str):
        found = LEADING.match(value)
        value = float(found[0].replace(",", "")) if found else None
    if not isinstance(value, bool | int | float) or math.isnan(value):
        return f"{ABSENT:g}"
    return f"{math.copysign(INFINITE, value) if math.isinf(value) else float(value):.10g}"


def data_uri(kind: str, text: str) -> str:
    """A file that a page carries along, as the address of a link."""
    return f"data:{kind};charset=utf-8;base64,{b64encode(text.encode()).decode()}"
