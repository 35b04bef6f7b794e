"""Whether a soak has lost, doubled or changed a row, or left anything behind."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from soaking.cells import KINDS, kind_of
from soaking.runs import Soak


def verdict(soak: Soak, cells: int) -> bool:
    """Compare the folder with an undisturbed run in one process; print and tell whether all is as it should be."""
    rows = [json.loads(line) for line in (soak.folder / "r/runs.jsonl").read_text().splitlines()]
    truth = [json.loads(line) for line in (soak.folder / "calm/runs.jsonl").read_text().splitlines()]
    calm = {row["key"]: row for row in truth}
    last = {row["key"]: row for row in rows}
    expected = len(calm) + sum(kind_of(number) != "calm" for number in range(cells))
    twice = Counter(row["key"] for row in rows if row["status"] == "ok")
    doubled = sum(count > 1 for count in twice.values())
    wrong = 0
    for key, row in last.items():
        kind = row["settings"].get("kind", "calm")
        if kind == "calm":
            fields = ("status", "seed", "settings", "method", "metrics", "truth", "details", "cost")
            wrong += key not in calm or any(row[name] != calm[key][name] for name in fields)
        else:
            wrong += row["status"] != KINDS[kind][2] or bool(row["metrics"])
    processes = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in soak.marked()}
    files = [*(soak.folder / "tmp").iterdir(), *(soak.folder / "r").rglob("*.partial")]
    for name, count in sorted(soak.done.items()):
        print(f"{count:4d} x {name}")
    print(f"rows expected {expected}, present {len(last)}, lost {expected - len(last)}, doubled {doubled}, "
          f"mislabelled {wrong}; processes left {len(processes)}, temporary files left {len(files)}")  # fmt: skip
    for fault in (*soak.faults, *map(str, processes.items()), *map(str, files)):
        print(fault)
    return not (expected - len(last) or doubled or wrong or processes or files or soak.faults)
