"""What a results folder holds: counts, holes, failures, and rows that today's code would make anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from indmech_bench.analysis.labels import with_labels
from indmech_bench.errors import InputError
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.code_identity import source_files, source_hash
from indmech_bench.registry.entries import Entry
from indmech_bench.registry.identity import ENGINE, EXTERNAL
from indmech_bench.results.current import newest
from indmech_bench.results.folder import ERRORS, existing_folder, read_folder, read_manifest
from indmech_bench.results.rows import Row, count
from indmech_bench.text.lines import printable


def status_lines(
    folder: str | Path, *, why: bool = False, failures: bool = False, plugins: Sequence[Path] = ()
) -> list[str]:
    """Plain lines about a results folder. Raises InputError.

    Always: counts by status, holes. With `failures` each row that is not ok, its reason and where its traceback is;
    with `why` each cell whose rows today's code (`plugins` with it) would not reuse, and what has changed.
    """
    place = existing_folder(folder)
    everything = read_folder(place)
    rows, left_out = newest(everything)
    rows = with_labels(rows)
    counts = {status: number for status, number in count(rows).items() if number}
    manifest = read_manifest(place)
    summary = ", ".join(f"{n} {s}" for s, n in counts.items()) or "nothing yet"
    lines = [f"{place}: {len(rows)} rows of {len(manifest['runs'])} runs: {summary}"]
    if left_out:
        lines.append(f"{left_out} rows made by older code are kept in the file and left out of tables")
    lines += _holes(rows)
    if failures:
        lines += [_failure(row, place) for row in rows if row["status"] != "ok"]
    if why:
        lines += _changes(rows, plugins, manifest) or ["all rows are what today's code would make"]
    return lines


def _failure(row: Row, folder: Path) -> str:
    line = f"{row['task_label']} {row['label']} seed {row['seed']}: {row['status']}: {printable(row['reason'])}"
    output = folder / ERRORS / f"{row['key']}.txt"
    return f"{line} (see {output})" if output.is_file() else line


def _holes(rows: list[Row]) -> list[str]:
    """Cells that lack (task, seed) pairs which another row has."""
    pairs: dict[str, set[int]] = defaultdict(set)
    cells: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in rows:
        pairs[row["task_label"]].add(row["seed"])
        cells[row["task_label"], row["label"]].add(row["seed"])
    names = dict.fromkeys(label for _, label in cells)
    holes = []
    for task, seeds in pairs.items():
        for name in names:
            missing = len(seeds - cells.get((task, name), set()))
            if missing:
                holes.append(f"missing: {task} {name}, {missing} of {len(seeds)} seeds")
    return holes


def _changes(rows: list[Row], plugins: Iterable[Path], manifest: dict[str, Any]) -> list[str]:
    catalogue = Catalogue.read(plugins)
    lines: dict[str, int] = defaultdict(int)
    for row in rows:
        sources = manifest["runs"].get(row["run"], {}).get("sources", {}).get(row["method"], {})
        lines[_change(row, catalogue, sources)] += 1
    return [f"{text}: {number} rows" for text, number in lines.items() if text]


def _change(row: Row, catalogue: Catalogue, before: dict[str, str]) -> str:
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
    for field, entry in (("task_settings", task), ("settings", method)):
        if set(row[field]) != set(entry.defaults):
            return f"{name} on {task_name}: the settings it has are no longer those of today's code"
    return ""


def _edited(method: Entry, before: dict[str, str]) -> str:
    """Which files differ from those that a row was made with."""
    now = source_files(method)
    names = sorted(file for file in {*before, *now} if before.get(file) != now.get(file))
    return printable(", ".join(names)) if before else f"{method.path.name} or what it imports"
