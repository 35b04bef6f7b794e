"""What is checked before a run writes anything: every task and method is built once."""

from __future__ import annotations

from collections.abc import Iterable

from indmech_bench.errors import InputError
from indmech_bench.harness.cells import Cell
from indmech_bench.registry import notebook as session
from indmech_bench.registry.code_identity import source_hash
from indmech_bench.registry.entries import Entry
from indmech_bench.registry.registration import build, forget, is_plugin, live

_IMPORTED: dict[tuple[str, str, str], str] = {}
"""The source of each name when this process imported it."""


def check_objects(cells: Iterable[Cell], *, in_place: bool) -> None:
    """Raises InputError for settings out of range, a dependence out of reach, a name that jobs would not find.

    `in_place`: the jobs are to run in this process.
    """
    distinct = {(named.entry.kind, named.label): named for cell in cells for named in (cell.task, cell.method)}
    for (kind, _), named in distinct.items():
        if kind == "reference":
            live(named.entry)
        elif named.entry.module == session.MODULE:
            if not in_place:
                raise InputError(
                    f"{kind} '{named.name}' is defined in this session, where worker processes cannot reach it: "
                    f"use jobs=0, or put it in a file and give plugins=['FILE.py']."
                )
            build(named)
        else:
            _renew(named.entry, in_place)
            build(named)


def _renew(entry: Entry, in_place: bool) -> None:
    """Have a plugin that was edited imported anew. Raises InputError where that is not enough."""
    now, key = source_hash(entry), (entry.kind, entry.name, entry.module)
    if _IMPORTED.setdefault(key, now) == now:
        return
    if in_place or not is_plugin(entry):
        raise InputError(
            f"{entry.kind} '{entry.name}' has been edited since this process imported it: start a new process."
        )
    forget(entry)
    _IMPORTED[key] = now
