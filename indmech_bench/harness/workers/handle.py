"""A runner process, seen from the process that gives it jobs."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from indmech_bench.errors import InputError
from indmech_bench.harness.workers.lines import ClosedError, Lines
from indmech_bench.harness.workers.messages import Job, Kernels, Reply, Request, failure
from indmech_bench.harness.workers.seals import checked_replies
from indmech_bench.results.statuses import Status

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
}
STARTS = 3
"""How often a runner is started that does not become ready."""
START_LIMIT = 300.0
"""Seconds until it is ready: it imports torch, from a cold disk perhaps."""
GRACE = 120.0
"""Seconds beyond the limit of its jobs after which a runner that has not answered is killed; it may have to compile."""
END_LIMIT = 10.0
"""Seconds for a runner to end by itself."""
READY = b'{"ready": true}'


class NoWorkError(InputError):
    """A worker cannot take jobs at all, whatever they are: what it was given was not begun."""


class Runner:
    """A runner process and the pipes to it; started at first use, started anew when it has died.

    kernels: those that it has made ready, once it has run a job.
    """

    def __init__(self) -> None:
        self.kernels: Kernels | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: Lines | None = None
        self._closed = False
        self._starting = threading.Lock()

    def _started(self) -> Lines:
        for _ in range(STARTS):
            process, lines = self._living()
            if lines is not None:
                return lines
            lines = _lines_of(process)
            if _is_ready(lines):
                self._lines = lines
                return lines
            _kill(process)
        raise NoWorkError("a worker process did not start; its own words are above.")

    def _living(self) -> tuple[subprocess.Popen[bytes], Lines | None]:
        """The process, a new one where there is none, and the lines to it if it is ready."""
        with self._starting:  # so that `close` never misses a process that is just being started
            if self._closed:
                raise RuntimeError("the run is ending")
            if self._process is not None and self._process.poll() is None and self._lines is not None:
                return self._process, self._lines
            # our own import path goes along, so that a plugin's or a script's packages are found in the children
            path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
            self._lines = None
            self._process = subprocess.Popen(
                [sys.executable, "-m", "indmech_bench.harness.workers.runner", str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
                start_new_session=True,  # Ctrl-C reaches the run, which ends its runners in order
            )
            return self._process, None

    def attempt(self, jobs: Sequence[Job], timeout: float) -> list[Reply]:
        """One attempt at jobs that run in one child, a reply each. Raises NoWorkError."""
        lines = self._started()
        request: Request = {"jobs": list(jobs), "timeout": timeout}
        line = json.dumps(request).encode()
        deadline = time.monotonic() + timeout + GRACE
        why = "the runner process died"
        try:
            lines.write(line + b"\n", deadline)
            digest = hashlib.sha256(line).hexdigest()
            while True:
                replies = self._replies(jobs, lines.read(deadline), digest)
                if replies is not None:
                    return replies
        except TimeoutError:
            why = f"the runner process was silent for {timeout + GRACE:g} s"
        except ClosedError:
            pass
        self._lines = None  # the next attempt must find it ended
        if self._process is not None:
            _kill(self._process)
        return [failure(Status.CRASHED, why) for _ in jobs]

    def _replies(self, jobs: Sequence[Job], line: bytes, digest: str) -> list[Reply] | None:
        """A reply a job; None for a line that is no answer to this request, which something else has written."""
        try:
            response: Any = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(response, dict) or response.get("request") != digest:
            return None
        replies = checked_replies(jobs, response.get("replies"))
        if replies is not None:
            self.kernels = response["kernels"]
        return replies

    def close(self) -> None:
        """End the process; a child that still runs is killed with it."""
        with self._starting:
            self._closed = True
            process = self._process
        if process is not None:
            assert process.stdin is not None
            with contextlib.suppress(OSError):
                process.stdin.close()
            try:
                process.wait(END_LIMIT)
            except subprocess.TimeoutExpired:
                _kill(process)


def _lines_of(process: subprocess.Popen[bytes]) -> Lines:
    assert process.stdin is not None
    assert process.stdout is not None
    return Lines(process.stdin, process.stdout)


def _is_ready(lines: Lines) -> bool:
    """Whether a process that was just started becomes ready; what its imports print comes before."""
    deadline = time.monotonic() + START_LIMIT
    try:
        while lines.read(deadline) != READY:
            pass
    except (TimeoutError, ClosedError):
        return False
    return True


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        process.kill()
    process.wait()
