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
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from bench_harness import PLUGIN

from indmech_bench import run
from indmech_bench.results.folder import read_folder, writing

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


def processor() -> float:
    """Seconds of processor time that this process and all that it has started have used so far."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = time.process_time() + ended.ru_utime + ended.ru_stime
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            total += sum(process.cpu_times()[:4])
    return total


Took = tuple[float, float, float]


def timed(folder: Path, name: str, cells: int, **how: Any) -> Took:
    """Seconds on the clock, of the processor in all, and of it in this process, for so many cells."""
    plugin = folder / "nothing.py"
    plugin.write_text(PLUGIN)
    methods = [f"nothing:number={number}" for number in range(cells)]
    before = time.perf_counter(), processor(), time.process_time()
    report = run(
        tasks=["fir-natural"], methods=methods, seeds="1", out=folder / name, plugins=[plugin], with_references=False,
        **how,
    )  # fmt: skip
    assert report.ok == cells, report
    return time.perf_counter() - before[0], processor() - before[1], time.process_time() - before[2]


def difference(folder: Path, name: str, cells: int, **how: Any) -> Took:
    """Milliseconds a cell, likewise."""
    few = timed(folder, f"{name}-few", FEW, **how)
    many = timed(folder, f"{name}-many", cells, **how)
    return tuple(1000 * (m - f) / (cells - FEW) for m, f in zip(many, few, strict=True))  # type: ignore[return-value]


def said(name: str, took: Took) -> str:
    clock, total, own = took
    return f"{name}, ms a cell: {clock:.1f} on the clock, {total:.1f} of the processor, {own:.2f} of that the run's"


def writing_ms(folder: Path, rows: int = 300) -> float:
    """Milliseconds on the clock that the run takes to write the row of a cell and have it on disk."""
    (line, *_) = read_folder(folder / "local-few")
    with writing(folder / "written") as writer:
        before = time.perf_counter()
        for _ in range(rows):
            writer.append([line])
        return 1000 * (time.perf_counter() - before) / rows


def simulated(cells: int, workers: int, cell: float, run_ms: float, scheduler: float) -> float:
    """Hours until all cells are done: tasks leave the scheduler one by one, for the worker that is free first.

    Args:
        cells: how many, one a task.
        workers: at once.
        cell: milliseconds that a worker takes for one, overhead and method.
        run_ms: that the run takes for one, in its single process.
        scheduler: that the scheduler takes for one.
    """
    free = [0.0] * workers
    sent = 0.0
    for _ in range(cells):
        sent = max(sent + max(scheduler, run_ms), heapq.heappop(free))
        heapq.heappush(free, sent + cell)
    return max(free) / 3.6e6


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
        print(f"Dask / local: {dask[0] / local[0]:.2f} on the clock, {dask[1] / local[1]:.2f} of the processor")
        disk = writing_ms(folder)
        print(f"writing a row and having it on disk: {disk:.1f} ms on the clock", flush=True)
    worker, own = dask[1] - dask[2], dask[2] + disk
    print("10^6 cells on 1,000 workers: hours (worker-hours)")
    for method in (0, 1, 60):
        cell = worker + 1000 * method
        one = simulated(10**6, 1000, cell, own, given.scheduler)
        parts = simulated(10**4, 10, cell, own, given.scheduler)
        print(
            f"  a method of {method} s: one run {one:.2f} ({1000 * one:,.0f}); 100 shards of 10 workers {parts:.2f} "
            f"({1000 * parts:,.0f}); were workers all {10**3 * cell / 3.6e6:.2f}"
        )


if __name__ == "__main__":
    main()
