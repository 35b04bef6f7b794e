"""Ground truth of a batch of replicates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from indmech_bench.errors import UnsupportedError
from indmech_bench.scm.factorisation import Array, check_zeros, polished
from indmech_bench.scm.interventions import Family
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.models.protocol import Model
from indmech_bench.scm.solution_lists import HELD, SolutionList
from indmech_bench.scm.streams import Streams


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
        check_zeros(sum(model.lengths) - 1)
        return model

    def composites(self) -> Iterator[Array]:
        """The convolution of two FIR mechanisms, L1 + L2 - 1 taps, one replicate at a time. Raises UnsupportedError."""
        first, second = (self.parameters[name].double().numpy() for name in self.cascade.names)
        yield from map(np.convolve, first, second)

    def listed(self, composite: Array) -> SolutionList:
        """All solutions of one replicate with this composite kernel. Raises UnsupportedError."""
        first, second = self.cascade.lengths
        return SolutionList.of(composite, (first, second))

    def solutions(self, composite: Array) -> dict[str, Tensor]:
        """The same as kernels (S, L_k) a mechanism. Raises UnsupportedError."""
        return self.kernels_of(self.listed(composite))

    def kernels_of(self, listed: SolutionList) -> dict[str, Tensor]:
        """Kernels (S, L_k) a mechanism of a list, polished up to HELD of them, as accurate as their zeros beyond."""
        pair = listed.block(0, len(listed))
        if len(listed) <= HELD:
            pair = polished(*pair, listed.composite)
        return dict(zip(self.cascade.names, map(torch.from_numpy, pair), strict=True))
