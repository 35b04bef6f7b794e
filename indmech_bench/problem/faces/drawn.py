"""The random numbers that a method may use: each a function of the replicate and of what it is for."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from indmech_bench.problem.observed import Observed
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.streams import Streams

INDEX_BLOCK = 64
"""Steps whose minibatches are drawn at once."""


class Drawn(Observed):
    """An observation of R replicates with the random numbers of each."""

    def __init__(self, observation: Observation, streams: Streams, dtype: torch.dtype, device: str) -> None:
        super().__init__(observation, device)
        self._streams, self.dtype = streams, dtype

    @property
    def replicates(self) -> int:
        return len(self._streams.keys)

    @property
    def seeds(self) -> tuple[int, ...]:
        """An integer in [0, 2^32) a replicate, for generators of other packages (`random_state=problem.seeds[0]`).

        A hash of the replicate in the domain of methods: no truth is drawn from it, and it is not the row's own seed.
        """
        return self._streams.integers("seeds")

    def randn(self, stream: str, *shape: int) -> Tensor:
        """Standard normal numbers (R, *shape), a function of the replicate and the stream's name alone."""
        return self._streams.randn(stream, *shape).to(self.device, self.dtype)

    def minibatches(self, size: int | None, steps: int) -> Iterator[Tensor | None]:
        """Indices (R, size) of the samples of each step, drawn anew at every step; None, all, without samples or size.

        A sample comes at most once in a batch. The indices are a function of the replicate alone.
        """
        return each_step(self.minibatch_blocks(size, steps), steps)

    def minibatch_blocks(self, size: int | None, steps: int) -> Iterator[Tensor | None]:
        """The same for the next B steps at a time, (R, B, size); one None for all steps."""
        if size is None or size >= self.samples:
            yield None
            return
        for block in range(0, steps, INDEX_BLOCK):
            count = min(INDEX_BLOCK, steps - block)
            yield self._streams.choices(f"minibatches {block}", count, self.samples, size).to(self.device)


def each_step(blocks: Iterable[Tensor | None], steps: int) -> Iterator[Tensor | None]:
    """The indices of each of so many steps, (R, m), from blocks of them (R, B, m); None where a block is, for all."""
    for block in blocks:
        yield from itertools.repeat(None, steps) if block is None else block.unbind(1)
