"""What a cell costs on a Dask cluster, and what a million cells would: `python benchmarks/cluster.py [--cells 10000]`.

Runs trivial cells of one seed each, by two local worker processes and by two Dask workers of one thread, and prints
the overhead a cell of both: (all cells - few cells) / the difference in number, so that starting up is left out. Then
it simulates 10^6 cells on 1,000 workers from these overheads: of the run (sending, checking and writing, in its one
process), of the scheduler, of the workers.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from indmech_bench import run
from indmech_bench.harness.options import RunOptions
from indmech_bench.harness.planning import plan

PLUGIN = '''
from dataclasses import dataclass
from indmech_bench import register_method

@register_method("nothing")
@dataclass(frozen=True)
class Nothing:
    """Gives its start back."""
    number: int = 0
    def fit(self, problem):
        return problem.solution(problem.start())
'''
FEW = 20
WORKERS = 2


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """A scheduler and two workers; yields the address."""
    told = folder / "scheduler.json"
    options: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--scheduler-file", str(told), "--port", "0"]
    processes = [subprocess.Popen([*command, "--no-dashboard", "--host", "127.0.0.1"], **options)]
    try:
        while not (told.exists() and told.read_text().endswith("}")):
            time.sleep(0.1)
        address = json.loads(told.read_text())["address"]
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1"]
        processes += [subprocess.Popen([*worker, "--no-dashboard"], **options) for _ in range(WORKERS)]
        yield address
    finally:
        for process in processes:
            process.kill()
            process.wait()


def timed(folder: Path, name: str, cells: int, **how: Any) -> tuple[float, float]:
    """Seconds on the clock, and of this process's processor, for so many cells."""
    plugin = folder / "nothing.py"
    plugin.write_text(PLUGIN)
    methods = [f"nothing:number={number}" for number in range(cells)]
    before = time.perf_counter(), time.process_time()
    report = run(
        tasks=["fir-natural"], methods=methods, seeds="1", out=folder / name, plugins=[plugin], with_references=False,
        **how,
    )  # fmt: skip
    assert report.ok == cells, report
    return time.perf_counter() - before[0], time.process_time() - before[1]


def difference(folder: Path, name: str, cells: int, **how: Any) -> tuple[float, float]:
    """Milliseconds a cell: on the clock, and of the run's own processor."""
    few = timed(folder, f"{name}-few", FEW, **how)
    many = timed(folder, f"{name}-many", cells, **how)
    return tuple(1000 * (m - f) / (cells - FEW) for m, f in zip(many, few, strict=True))  # type: ignore[return-value]


def said(name: str, took: tuple[float, float]) -> str:
    return f"{name}, {WORKERS} workers: {took[0]:.1f} ms a cell on the clock, {took[1]:.2f} ms of the run's processor"


def simulated(cells: int, workers: int, cell: float, run_ms: float, scheduler: float, bundle: int) -> float:
    """Hours until all cells are done, each stage first come, first served.

    Args:
        cells: how many.
        workers: at once.
        cell: milliseconds that a worker takes for one, overhead and method.
        run_ms: that the run takes for one, in its single process.
        scheduler: that the scheduler takes for one task.
        bundle: cells of a task.
    """
    free = [0.0] * workers
    sent = told = 0.0
    for _ in range(0, cells, bundle):
        sent = max(sent + scheduler, heapq.heappop(free))
        done = sent + cell * bundle
        heapq.heappush(free, done)
        told = max(told, 0.0) + run_ms * bundle
    return max(max(free), told) / 3.6e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--scheduler", type=float, default=1.0, help="ms that Dask's scheduler takes for a task")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cluster-") as root:
        folder = Path(root).resolve()
        home = folder / "home"
        home.mkdir()
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
        local = difference(folder, "local", given.cells, jobs=WORKERS)
        print(said("local", local), flush=True)
        with cluster(home) as address:
            dask = difference(folder, "dask", given.cells, dask=address)
        print(said("Dask", dask), flush=True)
        print(f"Dask / local: {dask[0] / local[0]:.2f}", flush=True)
        before = time.process_time()
        methods = [f"nothing:number={number}" for number in range(2000)]
        plan(RunOptions(tasks=["fir-natural"], methods=methods, plugins=[folder / "nothing.py"], seeds="1"))
        print(f"planning: {(time.process_time() - before) / 2.008:.2f} ms a cell", flush=True)
    worker = WORKERS * dask[0]
    print("10^6 cells on 1,000 workers, hours (a shard's scheduler and run are its own):")
    for method in (0.0, 1_000.0, 60_000.0):
        hours = {
            "one run": simulated(10**6, 1000, worker + method, dask[1], given.scheduler, 1),
            "100 shards of 10 workers": simulated(10**4, 10, worker + method, dask[1], given.scheduler, 1),
        }
        shown = "; ".join(f"{name} {value:.2f}" for name, value in hours.items())
        print(f"  a method of {method / 1000:g} s: {shown}; workers alone {(worker + method) * 1000 / 3.6e6:.2f}")


if __name__ == "__main__":
    main()
