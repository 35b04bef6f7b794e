"""What a method elsewhere is given: the problem of one seed, outside any run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from indmech_bench.errors import InputError, TruthNotFoundError, UnsupportedError
from indmech_bench.harness.cells import Cell
from indmech_bench.harness.replicates import pose_problem
from indmech_bench.problem.engine.kernels.compiling import PLAIN
from indmech_bench.registry.entries import Entry
from indmech_bench.registry.identity import EXTERNAL
from indmech_bench.registry.notation import Named


def external_cell(task: Named, method: str, salt: str = "") -> Cell:
    """The cell that rows of parameters found elsewhere are of."""
    return Cell(task, Named(Entry("method", method, EXTERNAL, Path())), salt, None, "float64", PLAIN, EXTERNAL)


def posed(cell: Cell, live: Any, seed: int) -> Any:
    """The problem of one seed, for a live task. Raises InputError where its truth cannot be drawn."""
    with as_input():
        return pose_problem(cell.job([seed], ()), live)


@contextlib.contextmanager
def as_input() -> Iterator[None]:
    """A truth that cannot be drawn, on this machine or at all, is an InputError."""
    try:
        yield
    except (UnsupportedError, TruthNotFoundError) as error:
        raise InputError(f"{str(error).rstrip('.')}.") from None
