"""What a results folder holds: counts, holes, failures, and rows that today's code would make anew."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from indmech_bench.catalogue import Catalogue
from indmech_bench.errors import InputError
from indmech_bench.plan import ENGINE
from indmech_bench.results import existing_folder, read_folder, read_manifest
from indmech_bench.rows import Row, count
from indmech_bench.source import source_hash
from indmech_bench.views import newest, with_labels


def status_lines(folder: str | Path, *, why: bool = False, failures: bool = False) -> list[str]:
    """Plain lines about a results folder. Raises InputError.

    Always: counts by status, holes. With `failures` each row that is not ok with its reason; with `why` each cell
    whose rows today's code would not reuse, and what has changed.
    """
    place = existing_folder(folder)
    everything = read_folder(place)
    rows, left_out = newest(everything)
    rows = with_labels(rows)
    counts = {status: number for status, number in count(rows).items() if number}
    runs = len(read_manifest(place)["runs"])
    lines = [f"{place}: {len(rows)} rows of {runs} runs: " + ", ".join(f"{n} {s}" for s, n in counts.items())]
    if left_out:
        lines.append(f"{left_out} rows made by older code are kept in the file and left out of tables")
    lines += _holes(rows)
    if failures:
        lines += [
            f"{_place(row)}: {row['status']}: {printable(row['reason'])}" for row in rows if row["status"] != "ok"
        ]
    if why:
        lines += _changes(rows) or ["all rows are what today's code would make"]
    return lines


def printable(text: str) -> str:
    """Text with its control characters written out, so that a results file cannot steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _place(row: Row) -> str:
    return f"{printable(row['task_label'])} {printable(row['label'])} seed {row['seed']}"


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
                holes.append(f"missing: {printable(task)} {printable(name)}, {missing} of {len(seeds)} seeds")
    return holes


def _changes(rows: list[Row]) -> list[str]:
    catalogue = Catalogue.read()
    lines: dict[str, int] = defaultdict(int)
    for row in rows:
        lines[_change(row, catalogue)] += 1
    return [f"{text}: {number} rows" for text, number in lines.items() if text]


def _change(row: Row, catalogue: Catalogue) -> str:
    """Why today's code would not reuse a row; empty when it would."""
    kind = "reference" if row["reference"] else "method"
    name = printable(row["label"])
    if row["engine"] != ENGINE:
        return f"{name} on {row['task']}: made by engine {row['engine']}, today's is {ENGINE}"
    try:
        task = catalogue.find("task", row["task"])
        method = catalogue.find(kind, row["method"])
    except InputError:
        return f"{name} on {row['task']}: not installed here, so it cannot be compared"
    if task.version != row["task_version"]:
        return (
            f"{name} on {row['task']}: made with version {row['task_version']} of the task, today's is {task.version}"
        )
    source = source_hash(method)
    if source != row["source"]:
        return (
            f"{name}: its source has changed from {row['source']} to {source} ({method.path.name} or what it imports)"
        )
    for field, entry in (("task_settings", task), ("settings", method)):
        if set(row[field]) != set(entry.defaults):
            return f"{name} on {row['task']}: the settings it has are no longer those of today's code"
    return ""
