"""The runner: a process that forks an isolated child for each job it reads, `python -m indmech_bench.runner`.

It imports torch once and stays single-threaded, so that a fork is cheap (milliseconds) and safe. It reads one job a
line from standard input and answers with one line on standard output. A child gets a session of its own, no standard
input, and a memory limit; its output goes to a temporary file. Children are killed as a group at the time limit, when
the runner's own input closes (its parent is gone), and by the kernel when the runner itself is killed (Linux).
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

OUTPUT_KEPT = 20_000
"""Bytes of a failed child's output that are kept, its last."""
PR_SET_PDEATHSIG = 1


def memory_limit() -> int:
    """The machine's memory in bytes, or the control group's where that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return total


def _die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies; leave at once if that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _child(job: dict[str, Any], answer: int, output: int, parent: int) -> None:
    """The life of a forked child: never returns."""
    try:
        os.setsid()
        _die_with_parent(parent)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nowhere, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (memory_limit(), resource.RLIM_INFINITY))
        from indmech_bench.job import execute

        text = json.dumps(execute(job)).encode()
        with os.fdopen(answer, "wb") as pipe:
            pipe.write(text)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
        os._exit(0)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _tail(output: IO[bytes]) -> str:
    end = output.seek(0, os.SEEK_END)
    output.seek(max(0, end - OUTPUT_KEPT))
    return output.read().decode("utf-8", "replace")


def run_job(job: dict[str, Any], timeout: float) -> dict[str, Any] | None:
    """Run one job in a child; None when this runner's own input closed meanwhile."""
    with tempfile.TemporaryFile() as output:
        reader, writer = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            _child(job, writer, output.fileno(), parent)
        os.close(writer)
        try:
            received, why = _receive(reader, time.monotonic() + timeout)
        finally:
            os.close(reader)
            _kill_group(pid)
            _, code = os.waitpid(pid, 0)
        if why == "closed":
            return None
        if why == "timeout":
            return {"failure": "timeout", "reason": f"over the limit of {timeout:g} s", "output": _tail(output)}
        try:
            reply: dict[str, Any] = json.loads(received)
        except ValueError:
            return {"failure": "crashed", "reason": _death(code), "output": _tail(output)}
        if "failure" in reply:
            reply["output"] += _tail(output)
        return reply


def _death(code: int) -> str:
    if os.WIFSIGNALED(code):
        number = os.WTERMSIG(code)
        with contextlib.suppress(ValueError):
            return f"the process died of {signal.Signals(number).name}"
        return f"the process died of signal {number}"
    return f"the process exited with {os.WEXITSTATUS(code)} before it answered"


def _receive(reader: int, deadline: float) -> tuple[bytes, str]:
    """What the child writes until it closes the pipe, and why reading ended: done, timeout or closed."""
    chunks: list[bytes] = []
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return b"", "timeout"
        ready, _, _ = select.select([reader, 0], [], [], left)
        if reader in ready:
            chunk = os.read(reader, 1 << 16)
            if not chunk:
                return b"".join(chunks), "done"
            chunks.append(chunk)
        elif 0 in ready:  # jobs come one at a time: input while one runs can only be its end
            return b"", "closed"


def main() -> None:
    """Serve jobs until the input closes."""
    import indmech_bench.job  # noqa: F401  (imports torch, once for all children)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    print(json.dumps({"ready": True}), file=answers, flush=True)
    pending = b""
    while True:
        chunk = os.read(0, 1 << 16)
        if not chunk:
            return
        pending += chunk
        if not pending.endswith(b"\n"):
            continue
        request = json.loads(pending)
        pending = b""
        reply = run_job(request["job"], request["timeout"])
        if reply is None:
            return
        print(json.dumps(reply), file=answers, flush=True)


if __name__ == "__main__":
    main()
