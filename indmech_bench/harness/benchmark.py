"""Running: cells -> jobs -> rows in a results folder."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from indmech_bench.harness.attempts import NOT_RETRIED
from indmech_bench.harness.batches import batches_of, is_row_exact, seeds_of_a_job
from indmech_bench.harness.cells import Cell, shared_search
from indmech_bench.harness.options import RunOptions, takes_run_options
from indmech_bench.harness.planning import Plan, plan
from indmech_bench.harness.preflight import check_plan
from indmech_bench.harness.progress.progress import Progress
from indmech_bench.harness.progress.timing import Timing
from indmech_bench.harness.workers.cluster import dask_cluster
from indmech_bench.harness.workers.kernels import together
from indmech_bench.harness.workers.messages import Job, Outcome, result_of
from indmech_bench.harness.workers.remote import Plugin, RemoteWork
from indmech_bench.harness.workers.running import isolated, run_jobs
from indmech_bench.harness.workers.submitting import Bundle, Told
from indmech_bench.registry.code_identity import source_files
from indmech_bench.results.current import newest
from indmech_bench.results.curves import keep_curves
from indmech_bench.results.files import row_file_name
from indmech_bench.results.folder import Writer, move_aside, read_manifest, writing
from indmech_bench.results.parameter_files import keep_solution
from indmech_bench.results.provenance import about_tasks, new_run_id, provenance
from indmech_bench.results.row_fields import Row
from indmech_bench.results.row_lines import with_check
from indmech_bench.results.rows import count
from indmech_bench.results.statuses import FAILED, Status


@dataclass(frozen=True)
class Report:
    """How a run ended: counts over everything that was asked for, the rows done before it began, how long it took.

    left: rows that are not there, since no worker took their jobs; why_left: what became of the last try.
    """

    folder: Path
    ok: int
    failed: int
    skipped: int
    resumed: int = 0
    left: int = 0
    why_left: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        counts = f"{self.ok} ok, {self.failed} failed, {self.skipped} skipped"
        return f"{counts}, {self.left} left" if self.left else counts


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
        left=sum(report.left for report in reports),
        why_left=next((report.why_left for report in reports if report.why_left), ""),
        seconds=sum(report.seconds for report in reports),
    )


def run_plan(what: Plan) -> Report:
    """Run what a plan covers. Raises InputError before anything is written."""
    began = time.monotonic()
    workers = check_plan(what)
    if what.options.fresh:
        aside = move_aside(what.folder)
        if aside:
            print(f"the folder that was there is now {aside}", file=sys.stderr)
    with contextlib.ExitStack() as held:
        jobs = what.options.jobs if isinstance(what.options.jobs, Executor) else workers
        if what.options.dask:
            jobs = held.enter_context(dask_cluster(what.options.dask))
        report = _run(what, held.enter_context(writing(what.folder)), jobs)
    return replace(report, seconds=time.monotonic() - began)


def _run(what: Plan, writer: Writer, jobs: int | Executor) -> Report:
    keys = what.row_keys()
    before = {key: row["status"] for key, row in writer.rows.items() if key in keys}
    done = {key for key, status in before.items() if not (what.options.retry_failed and status in FAILED)}
    cells = [(cell, group) for cell, seeds in what.left(writer.rows) for group in _groups(cell, seeds, writer.rows)]
    most = seeds_of_a_job(sum(len(seeds) for _, seeds in cells), jobs if isinstance(jobs, int) else None)
    todo = [job for cell, seeds in cells for job in _jobs(what, cell, seeds, most)]
    _show_again(writer, done)
    if todo:
        run_id = new_run_id()
        entry = _manifest_entry(what, jobs)
        writer.record(run_id, entry)
        told = _work(what, writer, jobs, todo, run_id, len(done))
        writer.record(run_id, {**entry, "kernels": together(told.kernels)})
    counts = count(row for key, row in writer.rows.items() if key in keys)
    failed, left = sum(counts[status] for status in FAILED), len(keys) - sum(counts.values())
    why_left = told.why_left if todo and left else ""
    return Report(what.folder, counts[Status.OK], failed, counts[Status.SKIPPED], len(done), left, why_left)


def _groups(cell: Cell, seeds: Sequence[int], rows: Mapping[str, Row]) -> Iterator[list[int]]:
    """The seeds of a cell that are to be run, in groups whose jobs are their own.

    Those that were tried alone before and failed come last, so that they use up no time limit of the others.
    """
    keys = cell.keys(seeds)
    tried = [seed for seed, key in keys.items() if key in rows and not rows[key]["reason"].startswith(NOT_RETRIED)]
    if is_row_exact(cell.method.entry.facts):
        yield from ([seed for seed in keys if seed not in set(tried)], tried)
    else:  # of a block, all seeds are run together anyway
        yield list(keys)


def _show_again(writer: Writer, done: set[str]) -> None:
    """Repeat rows that are done but that rows of other code, made since, would hide from tables."""
    shown = {row["key"] for row in newest(list(writer.rows.values()))[0]}
    hidden = [writer.rows[key] for key in writer.rows if key in done and key not in shown]
    if hidden:
        writer.append(hidden)


def _manifest_entry(what: Plan, jobs: int | Executor) -> dict[str, Any]:
    return {
        **provenance(what.options.command),
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
        yield cell, cell.job(wanted, what.plugins, what.options.save_solutions, what.options.curves)


def _work(
    what: Plan, writer: Writer, jobs: int | Executor, todo: list[tuple[Cell, Job]], run_id: str, there: int
) -> Told:
    """Run what is to do, and keep it."""
    cells, bundles, told = {id(job): cell for cell, job in todo}, bundles_of(todo), Told()
    work = RemoteWork(tuple(map(Plugin.read, what.plugins))) if isinstance(jobs, Executor) else isolated
    finished = run_jobs(bundles, jobs, what.timeout, told, work)
    with contextlib.closing(finished), _progress(what, writer, bundles, todo, jobs) as progress:
        progress.begin(what.folder, there)
        for job, outcomes in finished:
            _keep(cells[id(job)], run_id, outcomes, writer)
            progress.done(job, outcomes)
    return told


def _progress(
    what: Plan, writer: Writer, bundles: Sequence[Bundle], todo: list[tuple[Cell, Job]], jobs: int | Executor
) -> Progress:
    """What tells of the run, with what rows that are there say of how long others will take."""
    timing = Timing()
    timing.take(writer.rows.values(), read_manifest(writer.folder)["runs"])
    workers = max(1, jobs) if isinstance(jobs, int) else os.cpu_count() or 1
    options = what.options
    return Progress(todo, bundles, workers=workers, timing=timing, quiet=options.quiet, verbose=options.verbose)


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
        shared = shared_search(cell)
        bundles.setdefault((shared, tuple(job["seeds"])) if shared else id(job), []).append(job)
    return sorted((tuple(jobs) for jobs in bundles.values()), key=len, reverse=True)


def _keep(cell: Cell, run_id: str, outcomes: list[Outcome], writer: Writer) -> None:
    """Write the files of a job's outcomes, their rows, then what the failed ones printed."""
    keys = cell.keys([outcome["seed"] for outcome in outcomes])
    for outcome in outcomes:
        if outcome.get("parameters"):
            path = writer.folder, cell.task.name, cell.method.name, keys[outcome["seed"]]
            keep_solution(*path, outcome["parameters"])
    rows = [
        with_check(
            {"key": keys[outcome["seed"]], "run": run_id, **cell.identity, **result_of(outcome), **cell.provenance}
        )
        for outcome in outcomes
    ]
    for row, outcome in zip(rows, outcomes, strict=True):
        arrays = {**outcome.get("curves", {}), **outcome.get("pictures", {}), **outcome.get("solutions", {})}
        if arrays:
            keep_curves(writer.folder, row, arrays)
    writer.append(rows)
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome.get("output"):
            writer.keep_output(row_file_name(row), outcome["output"])
