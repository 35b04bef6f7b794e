"""Leaderboards by group: which group a row belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from indmech_bench.errors import InputError, unknown
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import Entry
from indmech_bench.results.row_fields import TaskRow, field_of
from indmech_bench.text.lines import printable

OF_METHODS = ("budget", "protocol")
GROUPINGS = ("family", "dependence", "observation", *OF_METHODS)
UNKNOWN = "unknown"


def grouped(rows: Sequence[TaskRow], by: str) -> dict[str, list[TaskRow]]:
    """The rows of each group, by one of GROUPINGS. Raises InputError.

    By family, dependence and observation each task belongs to one group. By budget and protocol each row of a method
    does, and the references stand in every group, on the (task, seed) pairs that the group's methods were run on.
    """
    if by not in GROUPINGS:
        raise unknown("grouping", by, GROUPINGS)
    if by in OF_METHODS:
        return _by_method(rows, by)
    catalogue = Catalogue.read()
    name: dict[str, Callable[[TaskRow], str]] = {
        "family": lambda row: row["family"] or UNKNOWN,
        "dependence": lambda row: dependence(row["task_settings"], _facts(catalogue, row["task"])),
        "observation": lambda row: _text(
            row["task_settings"].get("observation") or _facts(catalogue, row["task"]).get("observation")
        ),
    }
    names: dict[tuple[str, int], str] = {}
    groups: dict[str, list[TaskRow]] = {}
    for row in rows:
        task = row["task"], id(row["task_settings"])  # rows of a file share their settings
        if task not in names:
            names[task] = printable(name[by](row))
        groups.setdefault(names[task], []).append(row)
    return groups


def dependence(settings: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """How dependent a task's mechanisms are: its settings `dependence` and `spread`, or the fact `independence`."""
    centre, spread = settings.get("dependence"), settings.get("spread") or 0
    if spread:
        return f"log rho ~ N({centre or 0:g}, {spread:g}^2)"
    return _text(facts.get("independence")) if centre is None else f"log rho = {centre:g}"


def _text(value: Any) -> str:
    return str(value) if value else UNKNOWN


def _facts(catalogue: Catalogue, task: str) -> Mapping[str, Any]:
    try:
        entry: Entry = catalogue.find("task", task)
    except InputError:
        return {}
    return entry.facts


def _by_method(rows: Sequence[TaskRow], by: str) -> dict[str, list[TaskRow]]:
    values = {field_of(row, by) for row in rows if not row["reference"]}
    groups: dict[str, list[TaskRow]] = {}
    for value in sorted(values, key=lambda value: (value is None, value)):
        rows_of_methods = [row for row in rows if not row["reference"] and field_of(row, by) == value]
        pairs = {(row["task_label"], row["seed"]) for row in rows_of_methods}
        beside = [row for row in rows if row["reference"] and (row["task_label"], row["seed"]) in pairs]
        shown = "no budget" if value is None else f"{value:,.0f} units" if by == "budget" else printable(str(value))
        groups[shown] = [*rows_of_methods, *beside]
    return groups
