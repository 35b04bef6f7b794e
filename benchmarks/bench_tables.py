"""How fast tables and pages are: `pytest benchmarks/bench_tables.py`; `python benchmarks/bench_tables.py DIR [ROWS]`.

Valid rows are generated: eight tasks with nine settings of adam and every reference, the metrics of a real row each.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indmech_bench.harness.cells import make_cells
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.identity import row_identity_key
from indmech_bench.results.row_lines import with_check, write_line
from indmech_bench.scoring.metrics import METRICS

TASKS = (
    "fir-natural",
    "fir-graded",
    "fir-generic",
    "fir-spectrum",
    "fir-samples",
    "fork",
    "deep-3-k1",
    "eyes-independent",
)
METHODS = tuple(f"adam:learning_rate={rate}" for rate in (0.001, 0.002, 0.005, 0.01, 0.03, 0.05, 0.1, 0.2, 0.5))
FAILED = 0.01


def generated(rows: int) -> Iterator[dict[str, Any]]:
    """At least `rows` valid rows: every task and method on as many seeds as that takes, one in a hundred failed."""
    random = np.random.default_rng(0)
    tasks = [entry.name for entry in Catalogue.read().of_kind("task") if entry.name in TASKS]
    conditions = {"salt": "", "budget": None, "precision": "float64", "training": "fused"}
    cells = list(make_cells(Catalogue.read(), tasks, METHODS, **conditions))
    for cell in cells:
        identity = cell.identity
        for seed in range(-(-rows // len(cells))):
            error = float(np.exp(random.normal()))
            ok = cell.reference or random.random() > FAILED
            metrics = {metric.name: float(random.random()) for metric in METRICS}
            metrics |= {"extrapolation_error": error, "score": 1 / (1 + error), "identified": float(error < 0.01)}
            row = {**identity, "seed": seed}
            yield {
                "key": row_identity_key(row),
                "run": "20260101T000000Z-000000",
                **row,
                "status": "ok" if ok else "nonfinite",
                "reason": "" if ok else "the solution is not finite",
                "metrics": metrics if ok else {},
                "truth": {"log_generic_ratio": float(random.normal()), "solutions": 31},
                "details": {"loss": float(random.random()), "start": 3.0},
                "cost": 6001.0,
                "seconds": float(random.random()),
            }


def write(folder: Path, rows: int) -> Path:
    """A results folder of generated rows."""
    folder.mkdir(parents=True)
    with (folder / "runs.jsonl").open("wb") as file:
        file.writelines(write_line(with_check(row)) for row in generated(rows))
    families = {name: Catalogue.read().find("task", name).facts["family"] for name in TASKS}
    run = {"20260101T000000Z-000000": {"families": families}}
    (folder / "manifest.json").write_text(json.dumps({"schema": 2, "runs": run}))
    return folder


COMMANDS = {
    "leaderboard": ("leaderboard", "r", "--format", "json"),
    "leaderboard by family": ("leaderboard", "r", "--group-by", "family", "--format", "json"),
    "compare": ("compare", "r", "r", "--format", "json"),
    "merge": ("merge", "r", "r", "--out", "merged"),
    "status": ("status", "r"),
    "report": ("report", "r", "--out", "page.html"),
}


@pytest.mark.parametrize("rows", [100, 100_000])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_table(benchmark: Any, tmp_path: Path, command: str, rows: int) -> None:
    write(tmp_path / "r", rows)
    (tmp_path / "once").mkdir()
    places = iter(range(1000))

    def once() -> None:
        arguments = [argument.replace("merged", f"merged-{next(places)}") for argument in COMMANDS[command]]
        subprocess.run(
            [sys.executable, "-m", "indmech_bench.cli", *arguments], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL
        )

    benchmark.pedantic(once, rounds=2)
    benchmark.extra_info["MiB at most, of all commands so far"] = (
        resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    )


if __name__ == "__main__":
    started = time.perf_counter()
    made = write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
    size = (made / "runs.jsonl").stat().st_size / 2**20
    print(f"{made}: {size:.0f} MiB of rows in {time.perf_counter() - started:.0f} s")
