"""Running: cells -> jobs -> rows in a results folder."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from indmech_bench.harness.batches import batches_of, seeds_of_a_job
from indmech_bench.harness.cells import Cell
from indmech_bench.harness.options import RunOptions, takes_run_options
from indmech_bench.harness.planning import Plan, plan
from indmech_bench.harness.preflight import check_device, check_objects
from indmech_bench.harness.workers.kernels import together
from indmech_bench.harness.workers.messages import Job, Kernels, Outcome, result_of
from indmech_bench.harness.workers.running import Bundle, check_jobs, run_jobs
from indmech_bench.registry.code_identity import source_files
from indmech_bench.results.current import newest
from indmech_bench.results.folder import Writer, move_aside, writing
from indmech_bench.results.parameter_files import keep_solution, picture_path, write_arrays
from indmech_bench.results.provenance import about_tasks, new_run_id, provenance
from indmech_bench.results.rows import count
from indmech_bench.results.statuses import FAILED, Status


@dataclass(frozen=True)
class Report:
    """How a run ended: counts over everything that was asked for, and the rows done before it began."""

    folder: Path
    ok: int
    failed: int
    skipped: int
    resumed: int = 0

    def __str__(self) -> str:
        return f"{self.ok} ok, {self.failed} failed, {self.skipped} skipped"


@takes_run_options()
def run(suite: str | None = None, **options: Any) -> Report:
    """Run a benchmark, or go on with one: rows that the folder holds already are not run again.

    Raises InputError before anything is written when an option is wrong. See `RunOptions`.
    """
    return run_plan(plan(RunOptions.of(suite=suite, **options)))


def run_plans(plans: Sequence[Plan]) -> Report:
    """Run plans that write into one folder, one after the other. Raises InputError."""
    reports = [run_plan(what) for what in plans]
    return Report(
        plans[0].folder,
        ok=sum(report.ok for report in reports),
        failed=sum(report.failed for report in reports),
        skipped=sum(report.skipped for report in reports),
        resumed=sum(report.resumed for report in reports),
    )


def run_plan(what: Plan) -> Report:
    """Run what a plan covers. Raises InputError before anything is written."""
    jobs = what.options.jobs
    if jobs is None:
        jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if isinstance(jobs, int):
        check_jobs(jobs)
    check_device(what.options.device or "cpu", what.cells, elsewhere=not isinstance(jobs, int))
    check_objects(what.cells, in_place=jobs == 0)
    if what.options.fresh:
        aside = move_aside(what.folder)
        if aside:
            print(f"the folder that was there is now {aside}", file=sys.stderr)
    with writing(what.folder) as writer:
        return _run(what, writer, jobs)


def _run(what: Plan, writer: Writer, jobs: int | Executor) -> Report:
    keys = what.row_keys()
    before = {key: row["status"] for key, row in writer.rows.items() if key in keys}
    done = {key for key, status in before.items() if not (what.options.retry_failed and status in FAILED)}
    cells = [(cell, [seed for seed, key in cell.keys(what.seeds).items() if key not in done]) for cell in what.cells]
    most = seeds_of_a_job(sum(len(seeds) for _, seeds in cells), jobs if isinstance(jobs, int) else None)
    todo = [job for cell, seeds in cells for job in _jobs(what, cell, seeds, most)]
    _show_again(writer, done)
    if todo:
        run_id = new_run_id()
        entry = _manifest_entry(what, jobs)
        writer.record(run_id, entry)
        kernels = _work(what, writer, jobs, todo, run_id)
        writer.record(run_id, {**entry, "kernels": kernels})
    counts = count(row for key, row in writer.rows.items() if key in keys)
    failed = sum(counts[status] for status in FAILED)
    return Report(what.folder, counts[Status.OK], failed, counts[Status.SKIPPED], resumed=len(done))


def _show_again(writer: Writer, done: set[str]) -> None:
    """Repeat rows that are done but that rows of other code, made since, would hide from tables."""
    shown = {row["key"] for row in newest(list(writer.rows.values()))[0]}
    hidden = [writer.rows[key] for key in writer.rows if key in done and key not in shown]
    if hidden:
        writer.append(hidden)


def _manifest_entry(what: Plan, jobs: int | Executor) -> dict[str, Any]:
    salt = what.options.salt
    return {
        **provenance([word.replace(salt, "***") if salt else word for word in what.options.command]),
        "device": what.options.device or "cpu",
        "jobs": jobs if isinstance(jobs, int) else type(jobs).__name__,
        "timeout": what.timeout,
        "tasks": sorted({cell.task.label for cell in what.cells}),
        **about_tasks(cell.task for cell in what.cells),
        "methods": sorted({cell.label for cell in what.cells if not cell.reference}),
        "sources": {cell.method.name: source_files(cell.method.entry) for cell in what.cells if not cell.reference},
        "seeds": [what.seeds[0], what.seeds[-1]],
        "plugins": [Path(path).name for path in what.plugins],
    }


def _jobs(what: Plan, cell: Cell, seeds: Sequence[int], most: int) -> Iterator[tuple[Cell, Job]]:
    """The jobs of a cell on these seeds."""
    for _, wanted in batches_of(cell.method.entry.facts, seeds, most):
        yield cell, cell.job(wanted, what.plugins, what.options.save_solutions)


def _work(what: Plan, writer: Writer, jobs: int | Executor, todo: list[tuple[Cell, Job]], run_id: str) -> Kernels:
    """Run what is to do, and keep it; returns what kernels were made ready for it."""
    total = sum(len(job["seeds"]) for _, job in todo)
    cells = {id(job): cell for cell, job in todo}
    kernels: list[Kernels] = []
    finished = run_jobs(bundles_of(todo), jobs, what.timeout, kernels)
    with contextlib.closing(finished), tqdm(total=total, unit="row", disable=None, smoothing=0.1) as progress:
        for bundle, outcomes_of_jobs in finished:
            for job, outcomes in zip(bundle, outcomes_of_jobs, strict=True):
                cell = cells[id(job)]
                progress.set_postfix_str(f"{cell.task.label} {cell.label}"[:60], refresh=False)
                _keep(cell, run_id, outcomes, writer)
                progress.update(len(outcomes))
    return together(kernels)


def bundles_of(todo: Sequence[tuple[Cell, Job]]) -> list[Bundle]:
    """The jobs, those in one bundle that search alike on the same truths: methods of one package, same seeds.

    On a device other than the processor those of a task are, one after the other.

    Large bundles come first: one that begins last is waited for by all.
    """
    bundles: dict[Hashable, list[Job]] = {}
    for cell, job in todo:
        if cell.device != "cpu":  # each child sets its device up: all cells of a task share one
            bundles.setdefault((cell.task.label, cell.device), []).append(job)
            continue
        search = cell.method.entry.facts.get("search")
        package = cell.method.entry.module.partition(".")[0]
        same = (cell.task.label, cell.budget, cell.precision, cell.training, tuple(job["seeds"]), package, search)
        bundles.setdefault(same if search else id(job), []).append(job)
    return sorted((tuple(jobs) for jobs in bundles.values()), key=len, reverse=True)


def _keep(cell: Cell, run_id: str, outcomes: list[Outcome], writer: Writer) -> None:
    """Write the solutions and pictures of a job's outcomes, their rows, then what the failed ones printed."""
    keys = cell.keys([outcome["seed"] for outcome in outcomes])
    for outcome in outcomes:
        path = writer.folder, cell.task.name, cell.method.name, keys[outcome["seed"]]
        if outcome.get("parameters"):
            keep_solution(*path, outcome["parameters"])
        if outcome.get("pictures"):
            write_arrays(picture_path(*path), outcome["pictures"])
    writer.append(
        {"key": keys[outcome["seed"]], "run": run_id, **cell.identity, **result_of(outcome), **cell.provenance}
        for outcome in outcomes
    )
    for outcome in outcomes:
        if outcome.get("output"):
            writer.keep_output(keys[outcome["seed"]], outcome["output"])
