"""The runner, `python -m indmech_bench.harness.workers.runner PARENT`: it forks an isolated child for each job.

It imports torch once and stays single-threaded, so that a fork is cheap (milliseconds) and safe. It reads a request a
line from standard input and answers it with a line on standard output that names it by its digest. A child gets a
session of its own, no standard input, no descriptor but its two pipes, and a memory limit; the last of its output is
kept for the case that it fails. What a method writes into the pipe of its child's answer is skipped. Children are
killed as a group at the time limit, when the runner's own input closes (its parent is gone), and by the kernel when the
runner itself is killed (Linux).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import hashlib
import importlib
import json
import os
import resource
import select
import signal
import sys
import time
import traceback

from indmech_bench.harness.workers.kernels import kernels_ready
from indmech_bench.harness.workers.lines import CHUNK
from indmech_bench.harness.workers.memory import memory_limit
from indmech_bench.harness.workers.messages import Job, Reply, Request, Response, failure
from indmech_bench.harness.workers.seals import checked_replies
from indmech_bench.problem.engine.kernels.compiling import FUSED
from indmech_bench.results.statuses import Status

OUTPUT_KEPT = 20_000
"""Bytes of a failed child's output that are kept, its last."""
MOST_IN_A_PIPE = 1 << 20
MOST_IN_AN_ANSWER = 1 << 29
PR_SET_PDEATHSIG = 1
Replies = list[Reply] | None
ANSWER = 3
"""The child's descriptor of the pipe for its answer."""
POLL = 0.5
"""Seconds between looks at whether the child still lives."""


def _die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies; leave at once if that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _outlive_parent_thread() -> None:
    """Take that back: for the kernel the parent is the thread that started this process, which may end before it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, 0)


def _child(jobs: list[Job], answer: int, output: int, parent: int) -> None:
    """The life of a forked child: never returns."""
    try:
        os.setsid()
        _die_with_parent(parent)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nowhere, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.dup2(answer, ANSWER, inheritable=False)
        os.closerange(ANSWER + 1, os.sysconf("SC_OPEN_MAX"))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (memory_limit(), resource.RLIM_INFINITY))
        from indmech_bench.harness.job import execute_together

        text = b"\n" + json.dumps(execute_together(jobs)).encode() + b"\n"
        with contextlib.suppress(Exception):
            sys.stdout.flush()
        with os.fdopen(ANSWER, "wb") as pipe:
            pipe.write(text)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def run_jobs(jobs: list[Job], timeout: float) -> Replies:
    """Run jobs in a child, a reply each; None when this runner's own input closed meanwhile."""
    answer, answer_end = os.pipe()
    output, output_end = os.pipe()
    parent = os.getpid()
    gc.freeze()  # what is there now, children never collect: they would copy every page that it lies on
    pid = os.fork()
    if pid == 0:
        _child(jobs, answer_end, output_end, parent)
    os.close(answer_end)
    os.close(output_end)
    try:
        replies, printed, why = _receive(jobs, pid, answer, output, time.monotonic() + timeout)
    finally:
        _kill_group(pid)
        _, code = os.waitpid(pid, 0)
    text = (printed + _rest(output))[-OUTPUT_KEPT:].decode("utf-8", "replace")
    os.close(answer)
    os.close(output)
    if why == "closed":
        return None
    if why == "timeout":
        return [failure(Status.TIMEOUT, f"over the limit of {timeout:g} s", text) for _ in jobs]
    if replies is None:
        return [failure(Status.CRASHED, _death(code), text) for _ in jobs]
    for reply in replies:
        if "failure" in reply:
            reply["output"] += text
    return replies


def _death(code: int) -> str:
    if os.WIFSIGNALED(code):
        number = os.WTERMSIG(code)
        with contextlib.suppress(ValueError):
            return f"the process died of {signal.Signals(number).name}"
        return f"the process died of signal {number}"
    return f"the process exited with {os.WEXITSTATUS(code)} before it answered"


def _receive(jobs: list[Job], pid: int, answer: int, output: int, end: float) -> tuple[Replies, bytes, str]:
    """The child's replies, the last of what it printed, and why reading ended: done, timeout or closed.

    The answer is the first line that is a reply to each job: a method may have written into the pipe, and a process
    that it left behind may hold the pipes open for longer.
    """
    received, printed, ended = bytearray(), b"", False
    watched = [answer, output, 0]
    while True:
        left = end - time.monotonic()
        ready, _, _ = select.select(watched, [], [], 0 if ended else min(max(left, 0), POLL))
        if output in ready:
            chunk = os.read(output, CHUNK)
            printed = (printed + chunk)[-OUTPUT_KEPT:]
            if not chunk:
                watched.remove(output)
        if answer in ready:
            chunk = os.read(answer, CHUNK)
            received += chunk
            replies = _answer(jobs, received) if b"\n" in chunk else None
            if not chunk or replies is not None or len(received) > MOST_IN_AN_ANSWER:
                return replies, printed, "done"
        elif ended:
            return None, printed, "done"
        if 0 in ready:  # jobs come one at a time: input while one runs can only be its end
            return None, printed, "closed"
        if left <= 0:
            return None, printed, "timeout"
        ended = ended or _has_ended(pid)


def _answer(jobs: list[Job], received: bytearray) -> Replies:
    """The replies in the whole lines received, which are taken out, if one of them is the answer."""
    *lines, rest = received.split(b"\n")
    received[:] = rest
    for line in filter(None, lines):
        with contextlib.suppress(ValueError, RecursionError):
            replies = checked_replies(jobs, json.loads(line))
            if replies is not None:
                return replies
    return None


def _rest(output: int) -> bytes:
    """What is left in the pipe of a child that has ended, as far as a pipe can hold."""
    os.set_blocking(output, False)
    rest = b""
    with contextlib.suppress(BlockingIOError):
        while len(rest) < MOST_IN_A_PIPE and (chunk := os.read(output, CHUNK)):
            rest += chunk
    return rest


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _import_once_for_all() -> None:
    """What every child would import: torch, this package and its tasks; nothing of a plugin."""
    import numpy.random  # noqa: F401

    import indmech_bench.harness.job  # noqa: F401
    from indmech_bench.registry.catalogue import Catalogue

    for entry in Catalogue.read().entries:
        if entry.module.startswith("indmech_bench."):
            importlib.import_module(entry.module)


def _warm(jobs: list[Job]) -> None:
    """Have the kernel ready, and the null of a task of the package drawn, before the fork: children inherit both."""
    from indmech_bench.problem.engine.kernels.preparation import prepare
    from indmech_bench.registry.catalogue import Catalogue
    from indmech_bench.registry.registration import live
    from indmech_bench.scm.genericity import prior_null

    job = jobs[0]
    for precision in {job["precision"] for job in jobs if job["training"] == FUSED}:
        prepare(precision)
    entry = Catalogue.read().find("task", job["task"])
    if entry.module.startswith("indmech_bench."):
        prior_null(live(entry)(**job["task_settings"]).model)


def main() -> None:
    """Serve jobs of the process whose number is given until the input closes."""
    _die_with_parent(int(sys.argv[1]))  # importing torch takes seconds, in which nobody looks at the input
    _import_once_for_all()
    _outlive_parent_thread()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    print(json.dumps({"ready": True}), file=answers, flush=True)
    pending = b""
    while True:
        chunk = os.read(0, CHUNK)
        if not chunk:
            return
        pending += chunk
        if not pending.endswith(b"\n"):
            continue
        line, pending = pending[:-1], b""
        request: Request = json.loads(line)
        with contextlib.suppress(Exception):  # whatever is wrong, the child says it
            _warm(request["jobs"])
        replies = run_jobs(request["jobs"], request["timeout"])
        if replies is None:
            return
        asked = hashlib.sha256(line).hexdigest()
        response: Response = {"request": asked, "replies": replies, "kernels": kernels_ready()}
        print(json.dumps(response), file=answers, flush=True)


if __name__ == "__main__":
    main()
