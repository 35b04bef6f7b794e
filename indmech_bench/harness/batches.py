"""Which replicates a method is given together: any batch, one at a time, or a whole block.

A method says so by literal ClassVars, read as facts of its registration. `batched = False`: `fit` gets one replicate at
a time. `row_exact = False`: its rows depend on their batch in the last bits, so the batch is always the same: the
aligned block of 32 seeds that a seed lies in, run whole however few of its rows are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

BLOCK = 32
"""Seeds of a block. A block never spans scored and tuning seeds."""
TUNING_FROM = 10_000


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
