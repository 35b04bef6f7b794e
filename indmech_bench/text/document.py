"""A document: tables in sections, and what a reader must know of them; every verb's output is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from indmech_bench.text.tables import Table


@dataclass(frozen=True)
class Section:
    """Tables of one group or task. `name` is empty where there is one section; `facts` are what JSON says of it."""

    name: str
    tables: tuple[Table[Any], ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for table in self.tables for name in table.fields))

    @property
    def records(self) -> list[dict[str, Any]]:
        """One record an item: tables over the same items (the same tuple of them) share their records."""
        by_items: dict[int, list[dict[str, Any]]] = {}
        for table in self.tables:
            if not table.fields:
                continue
            records = by_items.setdefault(id(table.items), [{} for _ in table.items])
            for record, more in zip(records, table.records, strict=True):
                record.update(more)
        return [record for records in by_items.values() for record in records]


@dataclass(frozen=True)
class Document:
    """`title` heads a page of its own; `notes` are whole sentences, which stand below the tables.

    more: the option that shows all columns; where there is one, a terminal may leave out those that have no room.
    """

    title: str
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = ()
    more: str = ""

    @property
    def tables(self) -> list[Table[Any]]:
        """The tables that readers see."""
        return [table for section in self.sections for table in section.tables if table.visible and table.items]
