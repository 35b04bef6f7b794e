"""The newest of each row: what was made by older code is left out of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from indmech_bench.registry.identity import KEYED
from indmech_bench.results.row_fields import Row

CODE = ("source", "engine", "task_version")
"""Keyed fields that say which code made a row."""
_PLAIN = tuple(name for name in KEYED if name not in (*CODE, "seed", "task_settings", "settings"))


def newest(rows: Sequence[Row]) -> tuple[list[Row], int]:
    """The rows made by the newest code, and how many were left out.

    Within a cell the code of its last row counts; rows of other code are left out even where that leaves a hole, so
    that no cell is a mixture.
    """
    cells, codes = cells_of(rows), [_code(row) for row in rows]
    last = dict(zip(cells, codes, strict=True))
    kept = [row for row, cell, code in zip(rows, cells, codes, strict=True) if last[cell] == code]
    return kept, len(rows) - len(kept)


def cells_of(rows: Iterable[Row]) -> list[int]:
    """The number of each row's cell. Rows of a file share their settings' objects, and are told apart by those."""
    numbers: dict[tuple[Any, ...], int] = {}
    known: dict[tuple[Any, ...], int] = {}
    found = []
    for row in rows:
        fields: Mapping[str, Any] = row
        objects = (id(row["task_settings"]), id(row["settings"]), *(fields[name] for name in _PLAIN))
        if objects not in known:
            known[objects] = numbers.setdefault(_cell(row), len(numbers))
        found.append(known[objects])
    return found


def _cell(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(frozen(row[name]) for name in KEYED if name not in (*CODE, "seed"))


def _code(row: Row) -> tuple[Any, ...]:
    return row["source"], row["engine"], row["task_version"]


def frozen(value: Any) -> Any:
    return tuple(sorted((k, repr(v)) for k, v in value.items())) if isinstance(value, dict) else value
