"""Results folders with given errors, as a run would write them but without training anything, and what folders hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from indmech_bench.harness.cells import make_cells
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.identity import row_identity_key
from indmech_bench.results.provenance import about_tasks
from indmech_bench.results.row_lines import with_check, write_line

Errors = Sequence[float]
ENTRY = {
    "versions": {"indmech-bench": "0.1.0", "numpy": "2.4.6", "torch": "2.13.0"},
    "python": "3.11.7",
    "system": "Linux",
    "processor": "one",
    "device": "cpu",
    "commit": None,
}


def write_folder(
    folder: Path,
    cells: Mapping[tuple[str, str], Errors],
    *,
    seed: int = 0,
    run: str = "20260101T000000Z-000000",
    references: Sequence[str] = (),
    changes: Mapping[str, Any] | None = None,
    entry: Mapping[str, Any] | None = None,
) -> Path:
    """(task, method) -> extrapolation errors from `seed` on, infinite for a failed replicate.

    `references` are given the errors 0; `changes` are fields that all rows have instead; `entry` of the manifest.
    """
    catalogue = Catalogue.read()
    lines, tasks = [], []
    for (task, method), errors in cells.items():
        conditions = {"salt": "", "budget": None, "precision": "float64", "training": "fused"}
        made = list(make_cells(catalogue, [task], [method], **conditions))
        shown = [(made[-1], errors)]
        if method == next(other for at, other in cells if at == task):
            shown += [(cell, [0.0] * len(errors)) for cell in made[:-1] if cell.method.name in references]
        for cell, values in shown:
            tasks.append(cell.task)
            for number, error in enumerate(values, seed):
                fields = {"run": run, **cell.identity, "seed": number, **outcome(error), **(changes or {})}
                lines.append(write_line(with_check({"key": row_identity_key(fields), **fields})))
    folder.mkdir(parents=True)
    (folder / "runs.jsonl").write_bytes(b"".join(lines))
    runs = {run: {**ENTRY, **about_tasks(tasks), **(entry or {})}}
    (folder / "manifest.json").write_text(json.dumps({"schema": 2, "runs": runs}))
    return folder


def outcome(error: float) -> dict[str, Any]:
    """The fields of a replicate that reached this error at a perfect fit, or failed."""
    failed = error == float("inf")
    metrics = {
        "fit_error": 0.0,
        "extrapolation_error": error,
        "score": 1 / (1 + error),
        "identified": float(error < 0.01),
    }
    return {
        "status": "crashed" if failed else "ok",
        "reason": "it crashed" if failed else "",
        "metrics": {} if failed else metrics,
        "truth": {},
        "details": {},
        "cost": 60.0,
        "seconds": 0.5,
    }


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """The rows of a folder, in the order of its file."""
    return [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]


def write_rows(folder: Path, rows: Iterable[Any]) -> None:
    """Rows in the place of those that a folder has, with checksums of their own."""
    (folder / "runs.jsonl").write_bytes(b"".join(write_line(with_check(row)) for row in rows))


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder, by their paths in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
