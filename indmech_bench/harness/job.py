"""One job: some seeds of one cell, from truth to outcomes. Runs in an isolated child (or, with no jobs, in place)."""

from __future__ import annotations

import time
import traceback
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from indmech_bench.errors import BudgetExceededError, InputError, TruthNotFoundError, UnsupportedError
from indmech_bench.harness.batches import batches_of
from indmech_bench.harness.replicates import DTYPES, draw_truth, pose_problem, score_solution
from indmech_bench.harness.workers.messages import Job, Outcome, Reply, failed, failure
from indmech_bench.harness.workers.seals import sealed
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.searches import Searches
from indmech_bench.problem.solution import Solution
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import Entry
from indmech_bench.registry.notation import Named
from indmech_bench.registry.registration import build, live
from indmech_bench.results.statuses import Status
from indmech_bench.tasks.protocol import Task
from indmech_bench.text.lines import short

REASON = 300
"""Most characters of a reason."""


def execute_together(jobs: Sequence[Job]) -> list[Reply]:
    """The reply of each job; jobs on the same replicates search only once for what they have in common."""
    common: dict[tuple[int, ...], Searches] = defaultdict(Searches)
    return [execute(job, common) for job in jobs]


def execute(job: Job, common: dict[tuple[int, ...], Searches] | None = None) -> Reply:
    """An outcome for each seed, or why the whole batch failed.

    Args:
        job: names and complete settings of task and method, seeds, salt, budget, precision and plugins: plain JSON, so
            that it reaches a child as a line of text.
        common: what jobs on the same truths have found before, by the seeds of a batch.
    """
    threads, default = torch.get_num_threads(), torch.get_default_dtype()
    try:
        return {"outcomes": sealed(job, _outcomes(job, defaultdict(Searches) if common is None else common))}
    except UnsupportedError as error:
        return failure(Status.SKIPPED, str(error))
    except (InputError, TruthNotFoundError) as error:
        return failure(Status.ERROR, str(error))
    except (Exception, SystemExit) as error:  # a method that exits ends its own job, in place too
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return failure(Status.ERROR, short(reason, REASON), traceback.format_exc())
    finally:  # a job in place leaves its caller's torch as it was
        torch.set_num_threads(threads)
        torch.set_default_dtype(default)


def _outcomes(job: Job, common: dict[tuple[int, ...], Searches]) -> list[Outcome]:
    torch.set_num_threads(1)
    catalogue = Catalogue.read(Path(path) for path in job["plugins"])
    task: Task = build(Named(catalogue.find("task", job["task"]), job["task_settings"]))
    entry = catalogue.find("reference" if job["reference"] else "method", job["method"])
    outcomes: list[Outcome] = []
    for together, wanted in batches_of(entry.facts, job["seeds"], len(job["seeds"])):
        batch: Job = {**job, "seeds": together}
        outcomes += [row for row in _of_batch(batch, task, entry, common[tuple(together)]) if row["seed"] in wanted]
    return outcomes


def _of_batch(job: Job, task: Task, entry: Entry, searches: Searches) -> list[Outcome]:
    """Outcomes of seeds that are run together."""
    torch.set_default_dtype(DTYPES[job["precision"]])
    problem = pose_problem(job, task, partial(Problem, searches=searches, curves=job["curves"]))
    before = time.perf_counter()
    try:
        solution = _solve(job, task, entry, problem)
    except BudgetExceededError as error:
        return failed(job["seeds"], Status.BUDGET, short(str(error), REASON))
    seconds = (time.perf_counter() - before + problem.borrowed_seconds) / len(job["seeds"])
    return score_solution(job, task, problem, solution, seconds)


def _solve(job: Job, task: Task, entry: Entry, problem: Problem) -> Solution:
    if entry.kind == "reference":
        reference: Solution = live(entry)(problem, draw_truth(job, task))
        return reference
    fitted = build(Named(entry, job["settings"])).fit(problem)
    if not isinstance(fitted, Solution):
        raise TypeError(f"fit must return problem.solution(parameters), not {type(fitted).__name__}")
    return fitted
