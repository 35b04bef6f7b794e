"""Which replicates a method is given together: any batch, one at a time, or a whole block.

A method says so by literal ClassVars, read as facts of its registration. `batched = False`: `fit` gets one replicate at
a time. `row_exact = False`: its rows depend on their batch in the last bits, so the batch is always the same: the
aligned block of 32 seeds that a seed lies in, run whole however few of its rows are wanted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from indmech_bench.harness.workers.memory import memory_limit

BLOCK = 32
"""Seeds of a block. A block never spans scored and tuning seeds."""
TUNING_FROM = 10_000
JOBS_EACH = 8
"""Jobs that each worker gets at least, where there are rows enough."""
LARGEST = 256
"""Seeds of a job at most: one time limit has to suffice for it."""
MEMORY_OF_A_SEED = 32 << 20
"""Bytes that a seed takes at most, about: Jacobians of 16 starts of the largest linear models take half of it."""


def is_batched(facts: Mapping[str, Any]) -> bool:
    """Whether `fit` may be given several replicates at once."""
    return bool(facts.get("batched", True))


def is_row_exact(facts: Mapping[str, Any]) -> bool:
    """Whether a row is the same bits in any batch; of a method that is given one replicate at a time it is."""
    return bool(facts.get("row_exact", True)) or not is_batched(facts)


def block_of(seed: int) -> tuple[bool, int]:
    """The block that a seed lies in."""
    return seed >= TUNING_FROM, seed // BLOCK


def block_seeds(block: tuple[bool, int]) -> list[int]:
    """All seeds of a block."""
    first = block[1] * BLOCK
    return [seed for seed in range(first, first + BLOCK) if block_of(seed) == block]


def seeds_of_a_job(rows: int, workers: int | None) -> int:
    """The most seeds of a job, in a run of so many rows: as many as memory and fairness of load allow.

    Rows do not depend on it.

    Args:
        rows: of the run, all methods and tasks together.
        workers: how many jobs run at once on this machine; None where that is not known.
    """
    at_once = max(1, workers or os.cpu_count() or 1)
    fair = rows // (JOBS_EACH * at_once)
    held = memory_limit() // at_once // MEMORY_OF_A_SEED if hasattr(os, "sysconf") else BLOCK
    return max(1, min(max(BLOCK, fair), held, LARGEST))


def batches_of(facts: Mapping[str, Any], seeds: Sequence[int], most: int) -> Iterator[tuple[list[int], list[int]]]:
    """(seeds that are run together, those of them that were asked for), at most `most` of the latter in a batch."""
    if not is_batched(facts):
        yield from (([seed], [seed]) for seed in seeds)
    elif is_row_exact(facts):
        for first in range(0, len(seeds), most):
            batch = list(seeds[first : first + most])
            yield batch, batch
    else:
        for block in dict.fromkeys(map(block_of, seeds)):
            yield block_seeds(block), [seed for seed in seeds if block_of(seed) == block]
