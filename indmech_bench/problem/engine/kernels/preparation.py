"""Having the kernel ready before it is needed: compiled once a machine, read from disk after that."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indmech_bench.problem.engine.arrays import LANES
from indmech_bench.problem.engine.kernels.compiling import cache_folder, compiled_and_read

KNOWN_LLVM = range(14, 23)
"""Versions of LLVM whose option `_loops_kept_short` knows."""


@dataclass
class Kernels:
    """What this process has made ready: how many kernels it compiled and read, and the seconds that took."""

    compiled: int = 0
    read: int = 0
    seconds: float = 0.0


READY = Kernels()


@functools.cache
def prepare(precision: str) -> None:
    """Compile the kernel for a precision, or read it from disk; processes that want it at once wait for the first.

    To be called before a kernel runs: it is compiled here alone, always in the same way.
    """
    from indmech_bench.problem.engine.kernels.kernel import Data, Plan, Room, Rows, Shown, run_rows  # needs a compiler

    kind = np.dtype(precision).type

    def floats(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.floating]]:
        return np.zeros(shape, kind)

    def integers(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        return np.zeros(shape, np.int64)

    plan = Plan(
        program=integers(1, 6),
        begin=integers(1),
        end=integers(1),
        phase=integers(1),
        sizes=floats(1),
        roots=floats(1),
        weights=floats(1),
        settings=floats(1, 4),
        every=integers(1),
        rules=floats(1, 5),
        step=0,
    )
    shown = Shown(
        kind=0,
        target=floats(1, 1, 2, LANES),
        share=floats(1, 1),
        floor=floats(1, 1),
        constant=floats(1),
        single=floats(1, 1, 1, 1),
    )
    data = Data(
        shown,
        table=floats(1, 2, LANES),
        weights=floats(LANES),
        indices=integers(1, 1, 0),
        factors=floats(1, 1, 1, 0),
        starts=1,
    )
    rows = Rows(
        taps=floats(0, LANES),
        first=floats(0, 1, LANES),
        second=floats(0, 1, LANES),
        multipliers=floats(0, 1),
        active=integers(0),
        given=floats(0, LANES),
        values=floats(0),
        damping=floats(0),
        jacobian=floats(1, LANES, 2, LANES),
    )
    room = Room(
        vectors=floats(1, 2, LANES),
        scalars=floats(2),
        gradient=floats(LANES),
        residuals=floats(2, LANES),
        squares=floats(1, 1),
        solved=floats(LANES),
    )
    started = time.perf_counter()
    with _first_of_all(cache_folder()), _loops_kept_short():
        run_rows(plan, data, rows, room)
    READY.compiled, READY.read = compiled_and_read()
    READY.seconds += time.perf_counter() - started


@contextlib.contextmanager
def _loops_kept_short() -> Iterator[None]:
    """Have LLVM vectorise loops a vector at a time while something is compiled inside.

    It would take four at a time, for which our loops are too short: their rests, number by number, cost a seventh of
    all time. The option is the whole process's, so it is taken back; unknown versions of LLVM are left alone.
    """
    import llvmlite.binding as llvm

    if llvm.llvm_version_info[0] not in KNOWN_LLVM:
        yield
        return
    llvm.set_option("", "-force-vector-interleave=1")
    try:
        yield
    finally:
        llvm.set_option("", "-force-vector-interleave=0")


@contextlib.contextmanager
def _first_of_all(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder where there are locks; go on without where it cannot be written."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError, ImportError):
            import fcntl

            folder.mkdir(parents=True, exist_ok=True)
            file = held.enter_context((folder / "lock").open("w"))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
