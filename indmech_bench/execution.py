"""Where jobs run: in runner processes that the threads of an executor own, or in place."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed

from indmech_bench.errors import InputError
from indmech_bench.outcomes import Outcome
from indmech_bench.retries import Job, Reply, outcomes

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
}


class Runner:
    """A runner process and the pipe to it; started at first use, started anew when it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._closed = False
        self._starting = threading.Lock()

    def _started(self) -> subprocess.Popen[str]:
        with self._starting:  # so that `close` never misses a process that is just being started
            if self._closed:
                raise RuntimeError("the run is ending")
            if self._process is not None and self._process.poll() is None:
                return self._process
            # our own import path goes along, so that a plugin's or a script's packages are found in the children
            path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
            self._process = process = subprocess.Popen(
                [sys.executable, "-m", "indmech_bench.runner", str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
                start_new_session=True,  # Ctrl-C reaches the run, which ends its runners in order
            )
        if not self._read(process):
            raise InputError("a worker process did not start; its own words are above.")
        return process

    @staticmethod
    def _read(process: subprocess.Popen[str]) -> Reply | None:
        assert process.stdout is not None
        line = process.stdout.readline()
        reply: Reply | None = json.loads(line) if line else None
        return reply

    def attempt(self, job: Job, timeout: float) -> Reply:
        """One attempt at a job."""
        process = self._started()
        assert process.stdin is not None
        reply = None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps({"job": job, "timeout": timeout}) + "\n")
            process.stdin.flush()
            reply = self._read(process)
        if reply is None:
            process.wait()  # its pipe is closed, so it is ending: the next attempt must find it ended
            reply = {"failure": "crashed", "reason": "the runner process died", "output": ""}
        return reply

    def close(self) -> None:
        """End the process; a child that still runs is killed with it."""
        with self._starting:
            self._closed = True
            process = self._process
        if process is not None:
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()


_THREAD = threading.local()


def _own(free: list[Runner]) -> None:
    """Give the current thread one of the runners that are free."""
    _THREAD.runner = free.pop()


def isolated(job: Job, timeout: float) -> list[Outcome]:
    """The outcomes of a job from a runner that the current thread owns: what an executor's workers call.

    A worker of another process (a cluster's) makes its runner at its first job; it ends with the worker.
    """
    if not hasattr(_THREAD, "runner"):
        _THREAD.runner = Runner()
    return outcomes(job, timeout, _THREAD.runner.attempt)


def in_place(job: Job, timeout: float) -> Reply:
    """An attempt in this process, for debugging: nothing is isolated, and no time limit holds."""
    from indmech_bench.job import execute

    return execute(job)


def run_jobs(jobs: list[Job], workers: int | Executor, timeout: float) -> Generator[tuple[Job, list[Outcome]]]:
    """Each job with its outcomes, as they finish; when the generator is closed, whatever still runs is ended.

    workers: how many runner processes, 0 to run in this process; or an executor whose workers own a runner each.
    """
    if isinstance(workers, Executor):
        yield from _submitted(jobs, workers, timeout)
        return
    if workers == 0:
        for job in jobs:
            yield job, outcomes(job, timeout, in_place)
        return
    runners = [Runner() for _ in range(min(workers, len(jobs)))]
    pool = ThreadPoolExecutor(len(runners), initializer=_own, initargs=(list(runners),))
    try:
        yield from _submitted(jobs, pool, timeout)
    finally:
        # a runner's end makes the thread that waits for it return, so close them before waiting for the pool
        pool.shutdown(wait=False, cancel_futures=True)
        for runner in runners:
            runner.close()
        pool.shutdown(wait=True)


def _submitted(jobs: list[Job], executor: Executor, timeout: float) -> Generator[tuple[Job, list[Outcome]]]:
    futures = {executor.submit(isolated, job, timeout): job for job in jobs}
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        for future in futures:
            future.cancel()


def check_jobs(jobs: int) -> None:
    """Raises InputError for a number of jobs that is not possible here."""
    if jobs < 0:
        raise InputError(f"--jobs {jobs} must be 0 (in this process) or more.")
    if jobs and not hasattr(os, "fork"):
        raise InputError(f"--jobs {jobs} needs a system with fork (Linux or macOS); use --jobs 0 here.")
