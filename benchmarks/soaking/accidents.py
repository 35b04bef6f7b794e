"""The accidents: each is one run of a soak and what befalls it."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial

from soaking.runs import ROOT, Soak


def hit(soak: Soak, what: int, allowed: int) -> None:
    """A signal to the run, which may end by it."""
    run = soak.start(preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    if soak.wait(run):
        soak.signal(run, 0, what)
    soak.end(run, (0, 1, allowed))


def hits(soak: Soak, depth: int, what: int, times: int = 3) -> None:
    """A signal to some runners (depth 1) or children (2), one after the other."""
    run = soak.start()
    for _ in range(times):
        if soak.wait(run):
            soak.signal(run, depth, what)
    soak.wait(run)
    soak.signal(run, 0, signal.SIGKILL)
    soak.end(run, (0, 1, -signal.SIGKILL))


def pause(soak: Soak, depth: int) -> None:
    """The run (depth 0) or a runner (1) stands still for 3 s."""
    run = soak.start()
    if soak.wait(run):
        pid = soak.signal(run, depth, signal.SIGSTOP)
        time.sleep(3)
        if pid in soak.marked():
            os.kill(pid, signal.SIGCONT)
    soak.wait(run)
    soak.signal(run, 0, signal.SIGKILL)
    soak.end(run, (0, 1, -signal.SIGKILL))


def second(soak: Soak) -> None:
    """Another run begins in the same folder, and is refused."""
    run = soak.start()
    if soak.wait(run):
        soak.end(soak.start(), (2,) if run.poll() is None else (0, 1, 2))
    soak.signal(run, 0, signal.SIGKILL)
    soak.end(run, (0, 1, -signal.SIGKILL))


def full_disk(soak: Soak) -> None:
    """A small file system in memory in the place of the folder, where that is permitted; else a limit of files."""
    place = soak.folder / "r"
    place.mkdir(exist_ok=True)
    room = soak.size() + 40_000
    small = soak.folder / "small"
    small.mkdir(exist_ok=True)
    size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file()) + (1 << 20)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", small], capture_output=True)
    if mounted.returncode:
        soak.done["(a full disk by a limit of files: no tmpfs permitted)"] += 1
        soak.end(soak.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))), (0, 1, 2))
        return
    try:
        shutil.copytree(place, small / "r")
        (small / "filler").write_bytes(bytes(max(0, shutil.disk_usage(small).free - 40_000)))
        command = ["indmech-bench", "run", "soak.toml", "--plugin", "soaked.py", "--jobs", "2", "--out", "small/r"]
        program = f"from indmech_bench.cli.app import main; import sys; sys.argv = {command!r}; main()"
        soak.end(soak.start(program=program), (0, 1, 2))
        (small / "filler").unlink()
        shutil.rmtree(place)
        shutil.copytree(small / "r", place)
    finally:
        subprocess.run(["umount", small], check=True)


def read_only(soak: Soak) -> None:
    """A run in a folder that may not be written, which says so and leaves it as it is."""
    place = soak.folder / "r"
    files = [file for file in place.rglob("*") if file.is_file()] if place.exists() else []
    for file in files:
        file.chmod(0o444)
    if files:
        place.chmod(0o555)
    mind = ctypes.CDLL(None)  # even root minds permissions without CAP_DAC_OVERRIDE
    soak.end(soak.start(preexec_fn=lambda: mind.prctl(24, 1, 0, 0, 0)), (2,) if files else (0, 1))
    for file in (place, *files):
        if file.exists():
            file.chmod(0o755 if file.is_dir() else 0o644)


def liar(soak: Soak) -> None:
    """A run by an executor that lies under a clock that jumps (`soaking/liar.py`)."""
    seed, here = soak.random.randrange(1 << 30), str(ROOT / "benchmarks")
    run = soak.start(program=f"import sys; sys.path.insert(0, {here!r}); from soaking.liar import lie; lie({seed})")
    soak.wait(run)
    time.sleep(10)
    soak.signal(run, 0, signal.SIGINT)
    soak.end(run, (0, 1, 130, -signal.SIGINT))


ACCIDENTS: dict[str, Callable[[Soak], None]] = {
    "kill -9 of the run": partial(hit, what=signal.SIGKILL, allowed=-signal.SIGKILL),
    "interrupt": partial(hit, what=signal.SIGINT, allowed=130),
    "kill -9 of runners": partial(hits, depth=1, what=signal.SIGKILL),
    "kill -9 of children": partial(hits, depth=2, what=signal.SIGKILL),
    "SIGSTOP of a runner, 3 s": partial(pause, depth=1),
    "SIGSTOP of the run, 3 s": partial(pause, depth=0),
    "SIGSTOP of a child": partial(hits, depth=2, what=signal.SIGSTOP, times=1),
    "a second run": second,
    "a full disk": full_disk,
    "a read-only folder": read_only,
    "an executor that lies, a clock that jumps": liar,
}
