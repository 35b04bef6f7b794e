"""Where jobs run: in runner processes that the threads of an executor own, or in place."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

from indmech_bench.errors import InputError
from indmech_bench.harness.attempts import longest, outcomes_together
from indmech_bench.harness.workers.handle import Runner
from indmech_bench.harness.workers.kernels import kernels_ready
from indmech_bench.harness.workers.messages import Job, Outcome, Reply
from indmech_bench.harness.workers.submitting import Bundle, Submissions, Told

Work = Callable[[Sequence[Job], float], list[list[Outcome]]]
"""Jobs and the seconds an attempt -> the outcomes of each; what a worker of an executor calls."""

_THREAD = threading.local()


def _take_runner(free: list[Runner]) -> None:
    """Give the current thread one of the runners that are free."""
    _THREAD.runner = free.pop()


def isolated(jobs: Sequence[Job], timeout: float) -> list[list[Outcome]]:
    """The outcomes of jobs from a runner that the current thread owns: what an executor's workers call.

    A worker of another process (a cluster's) makes its runner at its first job; it ends with the worker. Raises
    NoWorkError where none can be started.
    """
    if not hasattr(_THREAD, "runner"):
        _THREAD.runner = Runner()
    return outcomes_together(jobs, timeout, _THREAD.runner.attempt)


def in_place(jobs: Sequence[Job], timeout: float) -> list[Reply]:
    """An attempt in this process, for debugging: nothing is isolated, and no time limit holds."""
    from indmech_bench.harness.job import execute_together

    return execute_together(jobs)


def run_jobs(
    bundles: Sequence[Bundle], workers: int | Executor, timeout: float, told: Told, work: Work = isolated
) -> Generator[tuple[Job, list[Outcome]]]:
    """Each job with its outcomes, as they finish.

    When the generator is closed, whatever still runs is ended.

    Args:
        bundles: what is to be run.
        workers: how many runner processes, 0 to run in this process; or an executor whose workers own a runner each.
        timeout: seconds an attempt.
        told: takes the kernels that each process has made ready, nothing of an executor's, and why jobs were left.
        work: what an executor's workers call.
    """
    if isinstance(workers, Executor):
        yield from _submissions(workers, work, timeout, told).run(bundles)
        return
    if workers == 0:
        for jobs in bundles:
            yield from zip(jobs, outcomes_together(jobs, timeout, in_place), strict=True)
        told.kernels.append(kernels_ready())
        return
    runners = [Runner() for _ in range(min(workers, len(bundles)))]
    pool = ThreadPoolExecutor(len(runners), initializer=_take_runner, initargs=(list(runners),))
    try:
        yield from _submissions(pool, isolated, timeout, told).run(bundles)
    finally:
        # a runner's end makes the thread that waits for it return, so close them before waiting for the pool
        pool.shutdown(wait=False, cancel_futures=True)
        for runner in runners:
            runner.close()
        pool.shutdown(wait=True)
        told.kernels += [runner.kernels for runner in runners if runner.kernels]


def _submissions(executor: Executor, work: Work, timeout: float, told: Told) -> Submissions:
    return Submissions(lambda jobs: executor.submit(work, jobs, timeout), lambda jobs: longest(jobs, timeout), told)


def check_jobs(jobs: int) -> None:
    """Raises InputError for a number of jobs that is not possible here."""
    if jobs < 0:
        raise InputError(f"--jobs {jobs} must be 0 (in this process) or more.")
    if jobs and not hasattr(os, "fork"):
        raise InputError(f"--jobs {jobs} needs a system with fork (Linux or macOS); use --jobs 0 here.")
