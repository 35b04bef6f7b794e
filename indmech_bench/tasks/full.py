"""Full-length cascade: kernels as long as the signal, a continuum K_1 / H, K_2 H of solutions (THEORY 3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from torch import Tensor

from indmech_bench.divergences import movement
from indmech_bench.errors import unknown
from indmech_bench.interventions import Family, modulations
from indmech_bench.models.convolution import ConvolutionCascade
from indmech_bench.observations import Observation
from indmech_bench.randomness import Streams
from indmech_bench.registry import register_task
from indmech_bench.tasks.drawing import MODES, MOVES, each, first_that, normal, ratios, show_kernels, unit_power
from indmech_bench.truth import Truth

N = 64
MODEL = ConvolutionCascade((N, N), N)


def draw_full(streams: Streams) -> dict[str, Tensor]:
    """Two kernels of 64 iid Gaussian taps, output of mean power 1."""

    def draw(generator: np.random.Generator, size: int) -> dict[str, Tensor]:
        return dict(zip(MODEL.names, normal(generator, size, 2 * N).split(N, -1), strict=True))

    def moves(pairs: dict[str, Tensor]) -> Tensor:
        P, R, _ = MODEL.parts(pairs)
        return movement(P, R) >= MOVES * (N - 1) * (P * R).mean(-1)

    drawn = each(streams, lambda generator: first_that(generator, draw, moves, ""))
    return unit_power(MODEL, modulations(N), drawn)


def full_facts(truth: Truth) -> dict[str, Sequence[float | None]]:
    """log rho, and the largest log rho of any solution: that of |K_1| = |K_2|, rho_max = <S> / <sqrt S>^2."""
    half = MODEL.half_spectrum(truth.parameters)
    largest = (MODEL.mean(half) / MODEL.mean(half.sqrt()).square()).log()
    return {
        "log_generic_ratio": ratios(MODEL, truth.parameters),
        "largest_log_generic_ratio": largest.tolist(),
    }


@register_task("full-cascade-large", version=1, start_scale=0.3)
@register_task("full-cascade-small", version=1, start_scale=0.02)
@dataclass(frozen=True)
class FullCascade:
    """Two kernels of 64 iid Gaussian taps on 64 samples, modulation of the first: nothing but the start decides.

    observation: spectrum, impulse or samples (256 of them).
    start_scale: standard deviation of the start that the problem offers (methods may choose their own). From a small
        one gradient flow ends balanced, at the largest rho there is; from a large one it stays unbalanced.
    Source: THEORY 3.1, full-length cascade.
    """

    family: ClassVar[str] = "full-cascade"
    intervention: ClassVar[str] = "modulation of k1"
    genericity: ClassVar[str] = "modulation of k1"
    solutions: ClassVar[str] = "continuum"
    independence: ClassVar[str] = "drawn independently"
    ranges: ClassVar[dict[str, str]] = {"start_scale": "(0, inf)"}

    observation: str = "spectrum"
    start_scale: float = 0.3

    @property
    def model(self) -> ConvolutionCascade:
        return MODEL

    @property
    def phase(self) -> bool:
        return self.observation == "impulse"

    def interventions(self, streams: Streams) -> Family:
        return modulations(N)

    def check(self) -> None:
        if self.observation not in MODES:
            raise unknown("observation", self.observation, MODES)

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        return draw_full(streams)

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Observation:
        return show_kernels(MODEL, parameters, self.observation, streams)

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        return full_facts(truth)


@register_task("drift", version=1)
@dataclass(frozen=True)
class Drift:
    """The full-length cascade from 256 samples, training started at the truth: does it stay? Never ranked.

    The start is the truth by design: this asks where training moves, not what it finds.
    Source: Besserve et al. (AAAI 2021), abstract: "SGD can hinder extrapolation"; THEORY 3.1, drift.
    """

    family: ClassVar[str] = "full-cascade"
    observation: ClassVar[str] = "samples"
    intervention: ClassVar[str] = "modulation of k1"
    genericity: ClassVar[str] = "modulation of k1"
    solutions: ClassVar[str] = "continuum"
    independence: ClassVar[str] = "drawn independently"
    starts_at_truth: ClassVar[bool] = True

    @property
    def model(self) -> ConvolutionCascade:
        return MODEL

    @property
    def phase(self) -> bool:
        return False

    def interventions(self, streams: Streams) -> Family:
        return modulations(N)

    def check(self) -> None:
        """Nothing can be set."""

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        return draw_full(streams)

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Observation:
        return show_kernels(MODEL, parameters, self.observation, streams)

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        return full_facts(truth)
