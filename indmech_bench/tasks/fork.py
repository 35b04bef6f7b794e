"""Fork: two sources meet in one mechanism, the smallest causal graph that is no chain (THEORY 3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from torch import Tensor

from indmech_bench.interventions import Family, modulations
from indmech_bench.models.fork import Fork as ForkModel
from indmech_bench.observations import Observation
from indmech_bench.randomness import Streams
from indmech_bench.registry import register_task
from indmech_bench.tasks.drawing import (
    check_mode,
    each,
    first_that,
    moved_by,
    normal,
    ratios,
    read_lengths,
    show_kernels,
    unit_power,
)
from indmech_bench.truth import Truth


@register_task("fork", version=1)
@dataclass(frozen=True)
class Fork:
    """X = k3 * (k1 * U1 + k2 * U2), FIR kernels with iid Gaussian taps; modulation of k1.

    observation: spectrum, or samples (256 of them).
    taps: lengths L1xL2xL3, 2 or more each.
    Source: THEORY 3.1, fork.
    """

    family: ClassVar[str] = "fork"
    intervention: ClassVar[str] = "modulation of k1"
    genericity: ClassVar[str] = "modulation, of each k"
    solutions: ClassVar[str] = "continuum"
    independence: ClassVar[str] = "drawn independently"
    n: ClassVar[int] = 64

    observation: str = "spectrum"
    taps: str = "7x5x5"

    @property
    def model(self) -> ForkModel:
        first, second, third = read_lengths(self.taps, 3)
        return ForkModel((first, second, third), self.n)

    @property
    def phase(self) -> bool:
        return False

    def interventions(self, streams: Streams) -> Family:
        return modulations(self.n)

    def check(self) -> None:
        first, second, third = self.model.lengths
        check_mode(self.observation, (max(first, second), third), self.n, ("spectrum", "samples"))

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        model, family = self.model, modulations(self.n)

        def draw(generator: np.random.Generator, size: int) -> dict[str, Tensor]:
            pieces = normal(generator, size, sum(model.lengths)).split(model.lengths, -1)
            return dict(zip(model.names, pieces, strict=True))

        drawn = each(streams, lambda generator: first_that(generator, draw, moved_by(model, family), ""))
        return unit_power(model, family, drawn)

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Observation:
        return show_kernels(self.model, parameters, self.observation, streams)

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        return {"log_generic_ratio": ratios(self.model, truth.parameters)}
