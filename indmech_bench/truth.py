"""Ground truth of a batch of replicates, and what a task must offer: the contract between tasks and the harness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor

from indmech_bench.enumeration import Array, enumerate_solutions
from indmech_bench.models.convolution import ConvolutionCascade
from indmech_bench.observations import Impulse
from indmech_bench.randomness import Streams


@dataclass(frozen=True, eq=False)
class Truth:
    """Parameters (R, ...) of the true mechanisms with their model, mean power of the output 1 in every replicate.

    `streams` are random numbers for references (domain `reference`), named like the truth but independent of it.
    """

    model: ConvolutionCascade
    parameters: dict[str, Tensor]
    streams: Streams

    @property
    def replicates(self) -> int:
        return len(next(iter(self.parameters.values())))

    def composites(self) -> Iterator[Array]:
        """The convolution of two FIR mechanisms, L1 + L2 - 1 taps, one replicate at a time."""
        first, second = (value.double().numpy() for value in self.parameters.values())
        yield from map(np.convolve, first, second)

    def solutions(self, composite: Array) -> dict[str, Tensor]:
        """All solutions of one replicate with this composite kernel: (S, L_k) a mechanism. Raises UnsupportedError."""
        first, second = self.model.lengths
        pair = enumerate_solutions(composite, (first, second))
        return dict(zip(self.model.names, map(torch.from_numpy, pair), strict=True))


class Task(Protocol):
    """One family of SCMs with settings; a frozen dataclass registered under one or more names."""

    family: ClassVar[str]

    def check(self) -> None:
        """Raise InputError when the settings are out of range; called before anything is drawn or written."""
        ...

    @property
    def model(self) -> ConvolutionCascade:
        """The learner's model."""
        ...

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        """True parameters (R, ...), each row from its own streams, output of mean power 1."""
        ...

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Impulse:
        """What a method is shown of the truth."""
        ...

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        """What is known of each truth (its log rho, its number of solutions): a list of R values a fact."""
        ...
