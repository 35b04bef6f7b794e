"""A runner process, seen from the process that gives it jobs."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence

from indmech_bench.errors import InputError
from indmech_bench.harness.workers.messages import Job, Kernels, Reply, Request, Response, failure
from indmech_bench.results.statuses import Status

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
}


class Runner:
    """A runner process and the pipe to it; started at first use, started anew when it has died.

    kernels: those that it has made ready, once it has run a job.
    """

    def __init__(self) -> None:
        self.kernels: Kernels | None = None
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
                [sys.executable, "-m", "indmech_bench.harness.workers.runner", str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
                start_new_session=True,  # Ctrl-C reaches the run, which ends its runners in order
            )
        if not self._line(process):
            raise InputError("a worker process did not start; its own words are above.")
        return process

    @staticmethod
    def _line(process: subprocess.Popen[str]) -> str:
        """What it says next, at first that it is ready; empty when it has died."""
        assert process.stdout is not None
        return process.stdout.readline()

    def _read(self, process: subprocess.Popen[str]) -> list[Reply] | None:
        """A reply a job; None when it has died."""
        line = self._line(process)
        if not line:
            return None
        response: Response = json.loads(line)
        self.kernels = response["kernels"]
        return response["replies"]

    def attempt(self, jobs: Sequence[Job], timeout: float) -> list[Reply]:
        """One attempt at jobs that run in one child, a reply each."""
        process = self._started()
        assert process.stdin is not None
        replies = None
        with contextlib.suppress(BrokenPipeError):
            request: Request = {"jobs": list(jobs), "timeout": timeout}
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            replies = self._read(process)
        if replies is None:
            process.wait()  # its pipe is closed, so it is ending: the next attempt must find it ended
            replies = [failure(Status.CRASHED, "the runner process died") for _ in jobs]
        return replies

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
