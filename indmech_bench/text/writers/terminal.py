"""Documents for a terminal: every cell whole, tables as wide as it is; for a pipe, lines as long as they are."""

from __future__ import annotations

import io
import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from indmech_bench.text.document import Document
from indmech_bench.text.lines import printable
from indmech_bench.text.tables import Column, Kind, Table

PIPE = 200
"""Columns of a page where there is no terminal."""
LEAST = 40
FOLDED = 20
"""Width from which on a column of text folds rather than have a page of its own."""
READABLE = 44
"""Width that a column of text should have before a further column is put beside it."""
GAP = 3
"""Blanks between columns."""


def as_text(document: Document) -> str:
    """The tables, then the notes, and which columns were left out."""
    width = max(shutil.get_terminal_size().columns, LEAST) if sys.stdout.isatty() else None
    tables, absent = list(document.tables), dict[str, None]()
    if width is not None and document.more:
        for i, table in enumerate(tables):
            tables[i], left_out = _narrowed(table, width)
            absent |= dict.fromkeys(left_out)
    said = [f"Columns that have no room here: {', '.join(absent)}; {document.more} shows them."] if absent else []
    notes = [_folded(printable(note), width) for note in (*document.notes, *said)]
    return "\n\n".join([*(_table(table, width) for table in tables), *(["\n".join(notes)] if notes else [])])


def _narrowed(table: Table[Any], width: int) -> tuple[Table[Any], list[str]]:
    """The table with the most important columns that fit beside each other, and the heads of the others."""
    columns, lines = table.visible, _lines(table, width)
    ranks = [-1 if column.importance is None else column.importance for column in columns]
    kept, room = set[int](), width + GAP
    for i in sorted(range(len(columns)), key=ranks.__getitem__):
        needed = _width(columns[i], lines, i, READABLE)
        alone = bool(_of(columns, i)) and i - 1 not in kept
        if ranks[i] < 0 or (needed <= room and not alone):
            kept.add(i)
            room -= needed
    absent = [f"{_of(columns, i)}{columns[i].head}" for i in range(len(columns)) if i not in kept]
    return replace(table, columns=tuple(columns[i] for i in sorted(kept))), absent


def _of(columns: Sequence[Column[Any]], i: int) -> str:
    """What an interval is of, where its head does not say so."""
    beside = i > 0 and columns[i].interval and columns[i].name == columns[i - 1].name
    return f"{columns[i - 1].head} " if beside else ""


def _lines(table: Table[Any], width: int | None) -> list[list[str]]:
    """The head and the cells; in a terminal the numbers of a column in one notation."""
    if width is None:
        return [table.head, *table.cells]
    return [table.head, *map(list, zip(*(column.even_cells(table.items) for column in table.visible), strict=True))]


def _folded(line: str, width: int | None) -> str:
    """A line on several, the second and later ones indented."""
    return line if width is None else textwrap.fill(line, width, subsequent_indent="  ", break_on_hyphens=False)


def _table(table: Table[Any], width: int | None) -> str:
    """The title, then page by page the columns that fit beside each other; names stand on every page."""
    columns, lines = table.visible, _lines(table, width)
    title = [_folded(printable(table.title), width)] if table.title else []
    pages = _pages(columns, lines, width)
    return "\n".join([*title, "\n\n".join(_page(table, lines, page, width) for page in pages)])


def _pages(columns: Sequence[Column[Any]], lines: Sequence[Sequence[str]], width: int | None) -> list[list[int]]:
    """Numbers of the columns of each page. A pipe has all beside each other where there is text, for `grep`."""
    everything = [*range(len(columns))]
    if width is None and any(column.kind is Kind.TEXT for column in columns):
        return [everything]
    names = [i for i in everything if columns[i].kind is Kind.NAME]
    repeated = everything[: max(names, default=0) + 1]
    room = (width or PIPE) + GAP - sum(_width(columns[i], lines, i) for i in repeated)
    pages: list[list[int]] = []
    left = 0
    for block in _blocks(columns, everything[len(repeated) :]):
        needed = sum(_width(columns[i], lines, i) for i in block)
        if not pages or needed > left:
            pages.append([*repeated])
            left = room
        pages[-1] += block
        left -= needed
    return pages or [repeated]


def _blocks(columns: Sequence[Column[Any]], numbers: Sequence[int]) -> list[list[int]]:
    """Columns that stay together: an interval stands beside what it is of."""
    blocks: list[list[int]] = []
    for i in numbers:
        if blocks and columns[i].interval and columns[i].name == columns[i - 1].name:
            blocks[-1].append(i)
        else:
            blocks.append([i])
    return blocks


def _width(column: Column[Any], lines: Sequence[Sequence[str]], i: int, folded: int = FOLDED) -> int:
    """How much room a column takes, its gap included; one of text at least `folded`."""
    from rich.cells import cell_len

    widest = max(cell_len(line[i]) for line in lines)
    return GAP + (min(widest, folded) if column.kind is Kind.TEXT else widest)


def _page(table: Table[Any], lines: Sequence[Sequence[str]], page: Sequence[int], width: int | None) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid

    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    # names fold only where a page has no room for them: what is not folded is never cut, since it fits
    fits = width is None or sum(_width(table.visible[i], lines, i) for i in page) <= width + GAP
    for i in page:
        kind = table.visible[i].kind
        whole = kind is Kind.NUMBER or (kind is Kind.NAME and fits)
        justify: Literal["left", "right"] = "right" if kind is Kind.NUMBER else "left"
        grid.add_column(lines[0][i], justify=justify, no_wrap=whole, overflow="fold")
    marks = table.marks
    for position, cells in enumerate(lines[1:]):
        ends = position + 1 < len(marks) and marks[position] != marks[position + 1]
        grid.add_row(*(cells[i] for i in page), end_section=ends)
    out = io.StringIO()
    room = width or 10 + sum(max(len(line[i]) for line in lines) * 2 for i in page)
    Console(file=out, width=room, color_system=None, highlight=False, markup=False, emoji=False).print(grid)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
