"""Documents in Markdown, as GitHub and MkDocs read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from indmech_bench.text.document import Document
from indmech_bench.text.lines import printable
from indmech_bench.text.tables import Kind, Table

SIGNS = re.compile(r"([\\|<*`])")
"""What would be markup; brackets and underscores within names are none."""


def as_markdown(document: Document) -> str:
    """A heading a table, numbers to the right; the notes as a list."""
    notes = [f"- {escaped(printable(note))}" for note in document.notes]
    return "\n\n".join([*map(_table, document.tables), *(["\n".join(notes)] if notes else [])])


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return SIGNS.sub(r"\\\1", text)


def _table(table: Table[Any]) -> str:
    rule = _line(["---:" if column.kind is Kind.NUMBER else "---" for column in table.visible])
    lines = [_line([escaped(cell) for cell in cells]) for cells in (table.head, *table.cells)]
    heading = [f"### {escaped(printable(table.title))}", ""] if table.title else []
    return "\n".join([*heading, lines[0], rule, *lines[1:]])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
