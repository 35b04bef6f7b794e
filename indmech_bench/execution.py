"""Where jobs run: in runner processes owned by worker threads, or in place; with the rules for trying again."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from indmech_bench.errors import InputError

Job = Mapping[str, Any]
Reply = dict[str, Any]
ATTEMPTS_LIMIT = 4
"""All attempts of a job together may use this many time limits."""

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

    def _started(self) -> subprocess.Popen[str]:
        if self._closed:
            raise RuntimeError("the run is ending")
        if self._process is None or self._process.poll() is not None:
            # our own import path goes along, so that a plugin's or a script's packages are found in the children
            path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "indmech_bench.runner"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
                start_new_session=True,  # Ctrl-C reaches the run, which ends its runners in order
            )
            if not self._read(self._process):
                raise RuntimeError("a runner process did not start; its error is printed above")
        return self._process

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
        return reply or {"failure": "crashed", "reason": "the runner process died", "output": ""}

    def close(self) -> None:
        """End the process; a child that still runs is killed with it."""
        self._closed = True
        if self._process is not None:
            assert self._process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            self._process.wait()


def outcomes(job: Job, timeout: float, attempt: Callable[[Job, float], Reply]) -> list[dict[str, Any]]:
    """The outcomes of a job, one a seed, after as many attempts as the rules allow.

    A batch that raises or crashes is halved down to single seeds; one that times out is rerun seed by seed. A single
    seed that crashed is tried once more. All attempts together use at most four time limits; what is left then is
    `timeout`. A skipped method is skipped for all its seeds; a reference may be for some of them only.
    """
    from indmech_bench.job import failed

    deadline = time.monotonic() + ATTEMPTS_LIMIT * timeout
    queue: list[tuple[list[int], bool]] = [(list(job["seeds"]), True)]
    done: list[dict[str, Any]] = []
    while queue:
        seeds, first = queue.pop(0)
        left = deadline - time.monotonic()
        if left <= 0:
            done += failed(seeds, "timeout", f"not retried: {ATTEMPTS_LIMIT} time limits of {timeout:g} s are spent")
            continue
        reply = attempt({**job, "seeds": seeds}, min(timeout, left))
        if "outcomes" in reply:
            done += reply["outcomes"]
            continue
        failure, single = reply["failure"], len(seeds) == 1
        if failure == "crashed" and single and first:
            queue.insert(0, (seeds, False))
        elif single or (failure == "skipped" and not job["reference"]):
            done += [{**row, "output": reply["output"]} for row in failed(seeds, failure, reply["reason"])]
        elif failure == "timeout":
            queue = [([seed], True) for seed in seeds] + queue
        else:
            middle = len(seeds) // 2
            queue = [(seeds[:middle], True), (seeds[middle:], True), *queue]
    return sorted(done, key=lambda row: int(row["seed"]))


def in_place(job: Job, timeout: float) -> Reply:
    """An attempt in this process, for debugging: nothing is isolated, and no time limit holds."""
    from indmech_bench.job import execute

    return execute(job)


class Workers:
    """Runs jobs on threads that own a runner each; `submit` is that of a `concurrent.futures.Executor`."""

    def __init__(self, jobs: int, timeout: float) -> None:
        self.timeout = timeout
        self._local = threading.local()
        self._runners: list[Runner] = []
        self._pool: Executor | None = ThreadPoolExecutor(jobs) if jobs else None

    def _run(self, job: Job) -> list[dict[str, Any]]:
        if not hasattr(self._local, "runner"):
            self._local.runner = Runner()
            self._runners.append(self._local.runner)
        return outcomes(job, self.timeout, self._local.runner.attempt)

    def results(self, jobs: list[Job]) -> Iterator[tuple[Job, list[dict[str, Any]]]]:
        """Each job with its outcomes, as they finish."""
        if self._pool is None:
            for job in jobs:
                yield job, outcomes(job, self.timeout, in_place)
            return
        from concurrent.futures import as_completed

        futures = {self._pool.submit(self._run, job): job for job in jobs}
        for future in as_completed(futures):
            yield futures[future], future.result()

    def close(self) -> None:
        """End every runner and its child; jobs that wait are dropped."""
        if self._pool is not None:
            # a runner's end makes the thread that waits for it return, so close them before waiting for the pool
            self._pool.shutdown(wait=False, cancel_futures=True)
            for runner in self._runners:
                runner.close()
            self._pool.shutdown(wait=True)


def check_jobs(jobs: int) -> None:
    """Raises InputError for a number of jobs that is not possible here."""
    if jobs < 0:
        raise InputError(f"--jobs {jobs} must be 0 (in this process) or more.")
    if jobs and not hasattr(os, "fork"):
        raise InputError(f"--jobs {jobs} needs a system with fork (Linux or macOS); use --jobs 0 here.")
