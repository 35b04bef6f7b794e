"""What a results folder holds: counts, holes, failures, and rows that today's code would make anew."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from indmech_bench.analysis.labels import with_labels
from indmech_bench.errors import InputError
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.code_identity import source_files, source_hash
from indmech_bench.registry.entries import Entry
from indmech_bench.registry.identity import ENGINE, EXTERNAL
from indmech_bench.results.current import newest
from indmech_bench.results.files import row_file_name
from indmech_bench.results.folder import ERRORS, existing_folder, read_folder, read_manifest
from indmech_bench.results.row_fields import LabelledRow
from indmech_bench.results.row_lines import CHECK
from indmech_bench.results.rows import count
from indmech_bench.results.statuses import Status
from indmech_bench.text.lines import printable

NUMBERS = re.compile(r"-?\d[\d.,]*(e[+-]?\d+)?")
"""What may differ in reasons that are one."""
SAME: tuple[Literal["run", "task_label", "label", "reference", "source", "engine", "task_version"], ...] = (
    "run", "task_label", "label", "reference", "source", "engine", "task_version",
)  # fmt: skip
"""With the names of settings all that says whether today's code would reuse a row."""


@dataclass(frozen=True)
class Hole:
    """Seeds of a task that a method lacks and another row has."""

    task: str
    method: str
    missing: int
    seeds: int


@dataclass(frozen=True)
class Failure:
    """Rows of a method that are not ok for one reason, numbers in it aside.

    tasks: task -> seeds. reason: of the first of them. outputs: where their tracebacks are.
    """

    method: str
    status: str
    reason: str
    tasks: dict[str, list[int]]
    outputs: tuple[Path, ...]

    @property
    def rows(self) -> int:
        return sum(map(len, self.tasks.values()))


@dataclass(frozen=True)
class Change:
    """Why today's code would make rows anew, and how many."""

    why: str
    rows: int


@dataclass(frozen=True)
class FolderStatus:
    """What a results folder holds.

    counts: status -> rows, of statuses that there are; left_out: rows made by older code; unchecked: of the others,
    those made before rows had a checksum; failures (those that were skipped last), changes: None where they were not
    asked for.
    """

    folder: Path
    counts: dict[str, int]
    runs: int
    left_out: int
    unchecked: int
    holes: tuple[Hole, ...]
    failures: tuple[Failure, ...] | None
    changes: tuple[Change, ...] | None


def status_of(
    folder: str | Path, *, why: bool = False, failures: bool = False, plugins: Sequence[Path] = ()
) -> FolderStatus:
    """What a results folder holds. Raises InputError.

    Counts by status and holes always.

    Args:
        folder: a results folder.
        why: say, too, what has changed where today's code would not reuse rows.
        failures: list, too, what is not ok by method and reason, with tasks, seeds and where tracebacks are.
        plugins: files that belong to today's code.
    """
    place = existing_folder(folder)
    newest_rows, left_out = newest(read_folder(place))
    rows = with_labels(newest_rows)
    manifest = read_manifest(place)
    return FolderStatus(
        folder=place,
        counts={status: number for status, number in count(rows).items() if number},
        runs=len(manifest["runs"]),
        left_out=left_out,
        unchecked=sum(CHECK not in row for row in rows),
        holes=tuple(_holes(rows)),
        failures=failures_of(rows, place) if failures else None,
        changes=tuple(_changes(rows, plugins, manifest)) if why else None,
    )


def failures_of(rows: Iterable[LabelledRow], folder: Path) -> tuple[Failure, ...]:
    """What is not ok among rows, by method, status and reason, the most rows first; what was skipped last."""
    groups: dict[tuple[str, str, str], list[LabelledRow]] = defaultdict(list)
    for row in rows:
        if row["status"] != Status.OK:
            groups[row["label"], row["status"], NUMBERS.sub("#", row["reason"])].append(row)
    ordered = sorted(groups.items(), key=lambda group: (group[0][1] == Status.SKIPPED, -len(group[1])))
    found = []
    for (method, status, _), alike in ordered:
        tasks: dict[str, list[int]] = defaultdict(list)
        for row in alike:
            tasks[row["task_label"]].append(row["seed"])
        outputs = (folder / ERRORS / f"{row_file_name(row)}.txt" for row in alike)
        existing = tuple(path for path in outputs if path.is_file())
        found.append(Failure(method, status, alike[0]["reason"], dict(tasks), existing))
    return tuple(found)


def _holes(rows: list[LabelledRow]) -> Iterator[Hole]:
    """Cells that lack (task, seed) pairs which another row has."""
    pairs: dict[str, set[int]] = defaultdict(set)
    cells: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in rows:
        pairs[row["task_label"]].add(row["seed"])
        cells[row["task_label"], row["label"]].add(row["seed"])
    names = dict.fromkeys(label for _, label in cells)
    for task, seeds in pairs.items():
        for name in names:
            missing = len(seeds - cells.get((task, name), set()))
            if missing:
                yield Hole(task, name, missing, len(seeds))


def _changes(rows: list[LabelledRow], plugins: Iterable[Path], manifest: dict[str, Any]) -> list[Change]:
    catalogue = Catalogue.read(plugins)
    found: dict[str, int] = defaultdict(int)
    alike: dict[tuple[Any, ...], str] = {}  # the code is read once for all rows of a cell
    for row in rows:
        cell = *(row[name] for name in SAME), tuple(row["task_settings"]), tuple(row["settings"])
        if cell not in alike:
            sources = manifest["runs"].get(row["run"], {}).get("sources", {}).get(row["method"], {})
            alike[cell] = _change(row, catalogue, sources)
        found[alike[cell]] += 1
    return [Change(text, number) for text, number in found.items() if text]


def _change(row: LabelledRow, catalogue: Catalogue, before: dict[str, str]) -> str:
    """Why today's code would not reuse a row; empty when it would. `before`: the files of its source, hashed."""
    kind = "reference" if row["reference"] else "method"
    name, task_name = row["label"], row["task_label"]
    if row["source"] == EXTERNAL and row["engine"] == ENGINE:
        return ""  # no code of ours made its parameters
    if row["engine"] != ENGINE:
        return f"{name} on {task_name}: made by engine {row['engine']}, today's is {ENGINE}"
    try:
        task = catalogue.find("task", row["task"])
        method = catalogue.find(kind, row["method"])
    except InputError:
        return f"{name} on {task_name}: not installed here nor given as --plugin, so it cannot be compared"
    if task.version != row["task_version"]:
        return f"{name} on {task_name}: made with version {row['task_version']} of the task, today's is {task.version}"
    source = source_hash(method)
    if source != row["source"]:
        return f"{name}: its source has changed from {row['source']} to {source} ({_edited(method, before)})"
    for settings, entry in ((row["task_settings"], task), (row["settings"], method)):
        if set(settings) != set(entry.defaults):
            return f"{name} on {task_name}: the settings it has are no longer those of today's code"
    return ""


def _edited(method: Entry, before: dict[str, str]) -> str:
    """Which files differ from those that a row was made with."""
    now = source_files(method)
    names = sorted(file for file in {*before, *now} if before.get(file) != now.get(file))
    return printable(", ".join(names)) if before else f"{method.path.name} or what it imports"
