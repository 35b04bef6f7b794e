"""Labels that tell tasks, methods and their settings apart in tables."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any

from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.identity import KEYED
from indmech_bench.registry.notation import label
from indmech_bench.results.current import CODE, cells_of, frozen
from indmech_bench.results.row_fields import LabelledRow, Row, field_of
from indmech_bench.text.lines import printable

Defaults = dict[str, dict[str, Any]]
"""Name of a task or method -> settings that its label leaves out."""
Labelled = Callable[[Sequence[Row]], list[LabelledRow]]
MARKED = ("budget", "precision", "salt")
"""Keyed fields that a label shows where they vary; the way of training where it varies for one method."""


def _once_a_cell(labelled: Labelled) -> Labelled:
    """Has a function that labels rows look at one row of each cell, and gives all rows their cell's labels."""

    @functools.wraps(labelled)
    def all_rows(rows: Sequence[Row]) -> list[LabelledRow]:
        cells = cells_of(rows)
        first = dict(zip(reversed(cells), reversed(rows), strict=True))
        labels = dict(zip(first, labelled(list(first.values())), strict=True))
        return [
            {**row, "task_label": labels[cell]["task_label"], "label": labels[cell]["label"]}
            for row, cell in zip(rows, cells, strict=True)
        ]

    return all_rows


@_once_a_cell
def with_labels(rows: Sequence[Row]) -> list[LabelledRow]:
    """The rows with `task_label` and `label`: the names with the settings that differ from the defaults.

    A protocol that is not `default` stands in the place of the settings, `adam [tuned-blind]`, so that one line of a
    table holds a method that was tuned task by task; where a task has two such settings they are shown as well. A
    budget, precision, way of training or salt that is not the same in all rows is part of the label too: rows that
    differ in it are never pooled. References have only a salt.
    """
    catalogue = Catalogue.read()
    varying: dict[str, set[Any]] = defaultdict(set)
    tuned: dict[tuple[Any, ...], set[Any]] = defaultdict(set)
    ways: dict[str, set[str]] = defaultdict(set)
    task_defaults, method_defaults = (_defaults(catalogue, kind, rows) for kind in ("task", "method"))
    for row in rows:
        for name in ("salt",) if row["reference"] else MARKED:
            varying[name].add(field_of(row, name))
        tuned[_cell_but_settings(row)].add(frozen(row["settings"]))
        ways[row["method"]].add(row["training"])
    return [
        {
            **row,
            "task_label": printable(label(row["task"], row["task_settings"], task_defaults[row["task"]])),
            "label": _method_label(
                row,
                {**varying, "training": ways[row["method"]]},
                len(tuned[_cell_but_settings(row)]) > 1,
                method_defaults,
            ),
        }
        for row in rows
    ]


def _cell_but_settings(row: Row) -> tuple[Any, ...]:
    return tuple(frozen(field_of(row, name)) for name in KEYED if name not in (*CODE, "seed", "settings"))


def _method_label(row: Row, varying: dict[str, set[Any]], several: bool, defaults: Defaults) -> str:
    """`several`: whether other rows differ from this one in nothing but their settings."""
    default = row["protocol"] == "default"
    text = label(row["method"], row["settings"], defaults[row["method"]])
    names = ("salt",) if row["reference"] else tuple(varying)
    marks = [] if default else [row["protocol"]]
    marks += [f"{name}={field_of(row, name)}" for name in names if len(varying[name]) > 1]
    shown = text if default or several else row["method"]
    return printable(f"{shown} [{', '.join(marks)}]" if marks else shown)


def _defaults(catalogue: Catalogue, kind: str, rows: Sequence[Row]) -> Defaults:
    """Name -> the installed defaults; of a name that is not installed, the settings that all its rows share."""
    field = "settings" if kind == "method" else "task_settings"
    installed = {entry.name: entry.defaults for entry in catalogue.of_kind(kind)}
    found: Defaults = {}
    for name, settings in {
        id(field_of(row, field)): (field_of(row, kind), field_of(row, field)) for row in rows
    }.values():
        shared: dict[str, Any] = found.get(name, dict(settings))
        here = {key: value for key, value in shared.items() if key in settings and settings[key] == value}
        found[name] = installed.get(name, here)
    return found


def starting_at_truth() -> set[str]:
    """The installed tasks in which training starts at the truth: they are never ranked."""
    return {entry.name for entry in Catalogue.read().of_kind("task") if entry.facts.get("starts_at_truth")}


def called(text: str, labels: Collection[str]) -> list[str]:
    """The labels that a text names: one in full, or as tables shorten it, or all that have this method's name."""
    if text in labels:
        return [text]
    short, _ = without_common(sorted(labels))
    return [whole for whole in sorted(labels) if text in (short.get(whole), whole.partition(":")[0])]


def shortest(labels: Collection[str]) -> list[str]:
    """What each label can be called by: its method's name, or where several have that one, the label."""
    names = Counter(whole.partition(":")[0] for whole in labels)
    return [whole.partition(":")[0] if names[whole.partition(":")[0]] == 1 else whole for whole in sorted(labels)]


def without_common(labels: Sequence[str]) -> tuple[dict[str, str], str]:
    """Labels of methods without the settings that all of them have, label -> shorter one; and those settings.

    Nothing is common to a label alone.
    """
    parts = {whole: (whole.partition(":")[0], whole.partition(":")[2].split(",")) for whole in labels}
    common = [text for text in next(iter(parts.values()), ("", []))[1] if all(text in own for _, own in parts.values())]
    if len(parts) < 2 or any("[" in whole for whole in labels):
        return {}, ""
    short = {}
    for whole, (name, own) in parts.items():
        rest = ",".join(text for text in own if text not in common)
        short[whole] = f"{name}:{rest}" if rest else name
    return short, ", ".join(common)
