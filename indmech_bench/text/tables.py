"""A table: what its columns are called, for readers and for machines, and what they say of each item."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from indmech_bench.text.lines import printable
from indmech_bench.text.numbers import even_numbers, number

Item = TypeVar("Item")


class Kind(Enum):
    """How a column is set."""

    NUMBER = "number"
    """To the right, never broken."""
    NAME = "name"
    """To the left. Names come first, and again on every page of a table that is too wide."""
    TEXT = "text"
    """To the left, folded where there is no room."""


def plain(value: Any) -> str:
    """A value as a cell has it: floats to three digits, a dash for what is absent."""
    if value is None or isinstance(value, float):
        return number(value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Column(Generic[Item]):
    """What a table says of each item, for readers under `head`, in records under `name`; None: not there.

    value: a number, a text, None, or what else JSON has; with `interval` None or (low, high), which a record holds as
    two fields, `name_low` and `name_high` (`e:task` as `e_low:task`, `e_high:task`). format: makes a value a cell.
    importance: where a terminal has no room for all columns, those of the lowest numbers stay; None always stays.
    """

    name: str | None
    head: str | None
    value: Callable[[Item], Any]
    format: Callable[[Any], str] = plain
    kind: Kind = Kind.NUMBER
    interval: bool = False
    importance: int | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The names that the column has in a record."""
        if self.name is None:
            return ()
        if not self.interval:
            return (self.name,)
        stem, colon, rest = self.name.partition(":")
        return tuple(f"{stem}_{end}{colon}{rest}" for end in ("low", "high"))

    def cell(self, item: Item) -> str:
        """One line of text, whatever the value holds."""
        return printable(self.format(self.value(item)))

    def even_cells(self, items: Sequence[Item]) -> list[str]:
        """The cells of a column that is looked down: numbers all in one notation, with as many decimals."""
        values = [self.value(item) for item in items]
        if self.format is plain and all(value is None or type(value) is float for value in values):
            return even_numbers(values)
        return [self.cell(item) for item in items]

    def record(self, item: Item) -> dict[str, Any]:
        """The value in full under its fields."""
        value = self.value(item)
        values = (value or (None, None)) if self.interval else (value,)
        return dict(zip(self.fields, values, strict=True)) if self.fields else {}


def shown(
    head: str, cell: Callable[[Item], str], kind: Kind = Kind.NUMBER, importance: int | None = None
) -> Column[Item]:
    """A column for readers alone, of what other columns keep."""
    return Column(None, head, cell, str, kind, importance=importance)


def kept(name: str, value: Callable[[Item], Any]) -> Column[Item]:
    """A column for records alone."""
    return Column(name, None, value)


def kept_interval(name: str, value: Callable[[Item], tuple[float, float] | None]) -> Column[Item]:
    """An interval for records alone."""
    return Column(name, None, value, interval=True)


@dataclass(frozen=True)
class Table(Generic[Item]):
    """Columns over items. `aside`: which items stand apart from the others, ruled off or grey."""

    title: str
    columns: tuple[Column[Item], ...]
    items: tuple[Item, ...]
    aside: Callable[[Item], bool] = lambda item: False

    @property
    def visible(self) -> tuple[Column[Item], ...]:
        """The columns that readers see."""
        return tuple(column for column in self.columns if column.head is not None)

    @property
    def head(self) -> list[str]:
        return [printable(column.head or "") for column in self.visible]

    @property
    def cells(self) -> list[list[str]]:
        return [[column.cell(item) for column in self.visible] for item in self.items]

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(field for column in self.columns for field in column.fields)

    @property
    def records(self) -> list[dict[str, Any]]:
        return [
            {field: value for column in self.columns for field, value in column.record(item).items()}
            for item in self.items
        ]

    @property
    def marks(self) -> list[bool]:
        """Which lines stand apart."""
        return [self.aside(item) for item in self.items]
