"""Full-length cascade: kernels as long as the signal, a continuum K_1 / H, K_2 H of solutions (docs/theory.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from indmech_bench.errors import InputError, unknown
from indmech_bench.registry.registration import register_task
from indmech_bench.scm.interventions import modulations
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.observations.fitting import FLOOR
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.kernels import KernelTask, iid_kernels
from indmech_bench.tasks.sampling import MODES, show_kernels, unit_power
from indmech_bench.tasks.truth import Truth

N = 64
MODEL = ConvolutionCascade((N, N), N)


class FullLengthTask(KernelTask):
    """Base: two kernels of 64 iid Gaussian taps on 64 samples."""

    @property
    def model(self) -> ConvolutionCascade:
        return MODEL

    def check(self) -> None:
        """The observation is one of the modes."""
        if self.observation not in MODES:
            raise unknown("observation", self.observation, MODES)

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        """True kernels (R, 64), output of mean power 1."""
        return unit_power(MODEL, modulations(N), iid_kernels(MODEL, streams))

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        """log rho, and the largest log rho of any solution: that of |K_1| = |K_2|, rho_max = <S> / <sqrt S>^2."""
        half = MODEL.half_spectrum(truth.parameters)
        largest = (MODEL.mean(half) / MODEL.mean(half.sqrt()).square()).log()
        return {**super().facts(truth), "largest_log_generic_ratio": largest.tolist()}


@register_task("full-cascade-large", version=1, start_scale=0.3)
@register_task("full-cascade-small", version=1, start_scale=0.02)
@dataclass(frozen=True)
class FullCascadeTask(FullLengthTask):
    """Two kernels of 64 iid Gaussian taps on 64 samples, modulation of the first: nothing but the start decides.

    observation: spectrum, impulse or samples (256 of them).
    start_scale: standard deviation of the start that the problem offers (methods may choose their own). From a small
        one gradient flow ends balanced, at the largest rho there is; from a large one it stays unbalanced.
    Source: docs/theory.md, full-length cascade.
    """

    family: ClassVar[str] = "full-cascade"
    intervention: ClassVar[str] = "modulation of k1"
    genericity: ClassVar[str] = "modulation of k1"
    solutions: ClassVar[str] = "continuum"
    independence: ClassVar[str] = "drawn independently"
    ranges: ClassVar[dict[str, str]] = {"start_scale": "(0, inf)"}

    observation: str = "spectrum"
    start_scale: float = 0.3


@register_task("drift", version=2)
@dataclass(frozen=True)
class DriftTask(FullLengthTask):
    """The full-length cascade from 256 samples, training started at the truth: does it stay? Never ranked.

    The start is the truth by design: this asks where training moves, not what it finds.

    observation: samples (256 of them), spectrum or impulse.
    floor: power of the known white noise in every sample, relative to the signal's. The smaller it is, the sharper is
        the loss where the spectrum nearly vanishes, and the shorter the steps must be that do not leave the data.
    equal_norms: give both kernels the same norm. No law and no log rho changes, but training does: as they are drawn
        the second is 64 times the first, and steps must be that much shorter.
    Source: Besserve et al. (AAAI 2021), abstract: "SGD can hinder extrapolation"; docs/drift.md.
    """

    family: ClassVar[str] = "full-cascade"
    intervention: ClassVar[str] = "modulation of k1"
    genericity: ClassVar[str] = "modulation of k1"
    solutions: ClassVar[str] = "continuum"
    independence: ClassVar[str] = "drawn independently"
    starts_at_truth: ClassVar[bool] = True
    ranges: ClassVar[dict[str, str]] = {"floor": "(0, inf)"}

    observation: str = "samples"
    floor: float = 0.001
    equal_norms: bool = False

    def check(self) -> None:
        """The observation is one of the modes, and has a floor where one is given."""
        super().check()
        if self.observation != "samples" and self.floor != FLOOR:
            raise InputError(f"floor {self.floor} is for the observation 'samples', not '{self.observation}'.")

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        """True kernels (R, 64), output of mean power 1, of equal norms where that is wanted."""
        drawn = super().sample(streams)
        if not self.equal_norms:
            return drawn
        norms = {name: kernel.norm(dim=-1, keepdim=True) for name, kernel in drawn.items()}
        shared = (norms["k1"] * norms["k2"]).sqrt()
        return {name: kernel * shared / norms[name] for name, kernel in drawn.items()}

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Observation:
        return show_kernels(self.model, parameters, self.observation, streams, floor=self.floor)
