"""Which rows of two results folders belong together, and in what they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from indmech_bench.registry.values import written
from indmech_bench.results.row_fields import TaskRow, field_of
from indmech_bench.text.lines import printable

Method = tuple[Any, ...]
"""Name, settings, protocol, budget, precision and way of training of a method, hashable."""
Cell = dict[tuple[str, int], TaskRow]
"""Rows by (salt, seed)."""

CONDITIONS = ("protocol", "budget", "precision", "training")
"""Fields of a method beside name and settings."""
MACHINE = ("python", "system", "processor", "device", "commit")


@dataclass(frozen=True)
class Match:
    """The rows of one method on one task in both folders, by (salt, seed)."""

    task: str
    method: str
    a: Cell
    b: Cell

    @property
    def reference(self) -> bool:
        return bool(_first(self.a)["reference"])

    @property
    def control(self) -> bool:
        return bool(_first(self.a)["control"])

    @property
    def versions(self) -> tuple[set[int], set[int]]:
        """The versions of the task in either folder."""
        return {row["task_version"] for row in self.a.values()}, {row["task_version"] for row in self.b.values()}


@dataclass(frozen=True)
class Matching:
    """Methods and references that both folders have on the same task, what only one has, and what differs."""

    methods: tuple[Match, ...]
    references: tuple[Match, ...]
    only: tuple[str, ...]
    differences: tuple[str, ...]


def match(a: Sequence[TaskRow], b: Sequence[TaskRow], runs_a: Mapping[str, Any], runs_b: Mapping[str, Any]) -> Matching:
    """Match labelled rows of two folders: tasks by name and settings, methods within a task by all that names them.

    A method without such a partner is matched by ever less of it, down to its name, where one is left in either
    folder; what then differs is said.

    Args:
        a: rows of folder A.
        b: rows of folder B.
        runs_a: the entries of A's manifest, by run.
        runs_b: those of B's.
    """
    tasks_a, tasks_b = _by_task(a), _by_task(b)
    matches: list[Match] = []
    said: dict[str, None] = {}
    only: list[str] = []
    for task in dict.fromkeys([*tasks_a, *tasks_b]):
        cells_a, cells_b = tasks_a.get(task, {}), tasks_b.get(task, {})
        for ours, theirs in _partners(cells_a, cells_b):
            before, after = cells_a.pop(ours), cells_b.pop(theirs)
            if ours != theirs:
                said[_settings_difference(_first(before), _first(after))] = None
            matches.append(Match(_first(before)["task_label"], _label(before, after), before, after))
        only += [
            f"only in {side}: {_first(rows)['label']} on {_first(rows)['task_label']}, {len(rows)} rows"
            for side, left in (("A", cells_a), ("B", cells_b))
            for rows in left.values()
            if not _first(rows)["reference"]
        ]
    methods, references = (tuple(m for m in matches if m.reference is which) for which in (False, True))
    differences = (*said, *_code_differences(matches), *_run_differences(a, b, runs_a, runs_b))
    return Matching(methods, references, tuple(only), differences)


def _first(rows: Mapping[Any, TaskRow]) -> TaskRow:
    return next(iter(rows.values()))


def _label(a: Mapping[Any, TaskRow], b: Mapping[Any, TaskRow]) -> str:
    before, after = _first(a)["label"], _first(b)["label"]
    return before if before == after else f"{before} -> {after}"


def _frozen(settings: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, written(name, value)) for name, value in settings.items()))


def _by_task(rows: Sequence[TaskRow]) -> dict[Any, dict[Method, Cell]]:
    """Task with its settings -> method -> its rows."""
    tasks: dict[Any, dict[Method, Cell]] = {}
    known: dict[tuple[Any, ...], Cell] = {}
    for row in rows:
        plain = tuple(
            field_of(row, name)
            for name in ("task", "method", "protocol", "budget", "precision", "training", "reference")
        )
        objects = (id(row["task_settings"]), id(row["settings"]), *plain)
        if objects not in known:  # rows of a file share their settings
            conditions = row["protocol"], row["budget"], row["precision"], row["training"]
            method = row["method"], _frozen(row["settings"]), *conditions
            task = row["task"], _frozen(row["task_settings"])
            known[objects] = tasks.setdefault(task, {}).setdefault(method, {})
        known[objects][row["salt"], row["seed"]] = row
    return tasks


STAGES = (range(6), range(5), range(3), range(2), (0, 2), (0,))
"""Which parts of a method must agree, stage by stage: all, then without the way of training, then without budget and
precision, down to the name."""


def _partners(a: Iterable[Method], b: Iterable[Method]) -> Iterator[tuple[Method, Method]]:
    """Which method of A is compared with which of B; each at most once."""
    left_a, left_b = list(a), list(b)
    for parts in STAGES:
        for name in dict.fromkeys(tuple(method[i] for i in parts) for method in left_a):
            ours, theirs = ([m for m in left if tuple(m[i] for i in parts) == name] for left in (left_a, left_b))
            if len(ours) == len(theirs) == 1:
                left_a.remove(ours[0])
                left_b.remove(theirs[0])
                yield ours[0], theirs[0]


def _settings_difference(a: TaskRow, b: TaskRow) -> str:
    """`adam: learning_rate 0.02 -> 0.01`, with protocol, budget, precision and way of training."""
    before, after = ({**row["settings"], **{name: field_of(row, name) for name in CONDITIONS}} for row in (a, b))
    changes = [
        f"{name} {_shown(before, name)} -> {_shown(after, name)}"
        for name in dict.fromkeys([*before, *after])
        if _shown(before, name) != _shown(after, name)
    ]
    return printable(f"{a['method']}: {', '.join(changes)}")


def _shown(settings: Mapping[str, Any], name: str) -> str:
    return written(name, settings[name]).partition("=")[2] if name in settings else "absent"


def _code_differences(matches: Sequence[Match]) -> list[str]:
    """Sources, engines and salts that are not the same."""
    found: dict[str, None] = {}
    for field in ("source", "engine", "salt"):
        for matched in matches:
            before, after = ({row[field] for row in rows.values()} for rows in (matched.a, matched.b))
            if before != after:
                owner = f"{matched.method}: " if field == "source" else ""
                found[f"{owner}{field} {_listed(before)} -> {_listed(after)}"] = None
    return list(found)


def _listed(values: set[Any]) -> str:
    return printable(", ".join(sorted(str(value) or "none" for value in values)))


def _run_differences(
    a: Sequence[TaskRow], b: Sequence[TaskRow], runs_a: Mapping[str, Any], runs_b: Mapping[str, Any]
) -> Iterator[str]:
    """Package versions and machine, of the runs that made the rows."""
    before, after = (
        [runs[run] for run in dict.fromkeys(row["run"] for row in rows) if run in runs]
        for rows, runs in ((a, runs_a), (b, runs_b))
    )
    packages = sorted({name for entry in (*before, *after) for name in entry.get("versions", {})})
    for name in packages:
        yield from _change(name, *({e.get("versions", {}).get(name) for e in side} for side in (before, after)))
    for name in MACHINE:
        yield from _change(name, *({entry.get(name) for entry in side} for side in (before, after)))


def _change(name: str, before: set[Any], after: set[Any]) -> Iterator[str]:
    if before != after and before - {None} and after - {None}:
        yield f"{name}: {_listed(before - {None})} -> {_listed(after - {None})}"
