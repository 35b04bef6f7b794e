"""Ground truth of a batch of replicates, and what a task must offer: the contract between tasks and the harness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor

from indmech_bench.enumeration import Array, enumerate_solutions
from indmech_bench.errors import UnsupportedError
from indmech_bench.interventions import Family
from indmech_bench.models import Model
from indmech_bench.models.convolution import ConvolutionCascade
from indmech_bench.observations import Observation
from indmech_bench.randomness import Streams


@dataclass(frozen=True, eq=False)
class Truth:
    """Parameters (R, ...) of the true mechanisms with their model, mean power of the output 1 in every replicate.

    family: the interventions that count. phase: whether the observation has the phase of the composite. streams:
    random numbers for references (domain `reference`), named like the truth but independent of it.
    """

    model: Model
    parameters: dict[str, Tensor]
    streams: Streams
    family: Family
    phase: bool = True

    @property
    def replicates(self) -> int:
        return len(next(iter(self.parameters.values())))

    @property
    def cascade(self) -> ConvolutionCascade:
        """The model where solutions can be listed: two kernels, their convolution seen. Raises UnsupportedError."""
        model = self.model
        if not (isinstance(model, ConvolutionCascade) and len(model.lengths) == 2 and self.phase):
            raise UnsupportedError("only the solutions of two kernels with a known convolution can be listed")
        if sum(model.lengths) - 1 > model.n:
            raise UnsupportedError("kernels as long as the signal have a continuum of solutions")
        return model

    def composites(self) -> Iterator[Array]:
        """The convolution of two FIR mechanisms, L1 + L2 - 1 taps, one replicate at a time. Raises UnsupportedError."""
        first, second = (self.parameters[name].double().numpy() for name in self.cascade.names)
        yield from map(np.convolve, first, second)

    def solutions(self, composite: Array) -> dict[str, Tensor]:
        """All solutions of one replicate with this composite kernel: (S, L_k) a mechanism. Raises UnsupportedError."""
        first, second = self.cascade.lengths
        pair = enumerate_solutions(composite, (first, second))
        return dict(zip(self.cascade.names, map(torch.from_numpy, pair), strict=True))


class Task(Protocol):
    """One family of SCMs with settings; a frozen dataclass registered under one or more names."""

    family: ClassVar[str]

    def check(self) -> None:
        """Raise InputError when the settings are out of range; called before anything is drawn or written."""
        ...

    @property
    def model(self) -> Model:
        """The learner's model."""
        ...

    @property
    def phase(self) -> bool:
        """Whether the observation has the phase of the composite."""
        ...

    def interventions(self, streams: Streams) -> Family:
        """The interventions that the task is scored on; `streams` of the truth, for those that are drawn."""
        ...

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        """True parameters (R, ...), each row from its own streams, output of mean power 1, of the learner's shapes."""
        ...

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Observation:
        """What a method is shown of the truth."""
        ...

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        """What is known of each truth (its log rho, its number of solutions): a list of R values a fact."""
        ...
