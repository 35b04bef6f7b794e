"""Two mechanisms with the shapes of physics, drawn apart; and the same with iid Gaussian taps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from indmech_bench.errors import InputError, UnsupportedError, unknown
from indmech_bench.registry.registration import register_task
from indmech_bench.scm.factorisation import count_solutions
from indmech_bench.scm.interventions import Family, dilations, modulations, stretches
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.kernels import KernelTask
from indmech_bench.tasks.physics.drawing import drawn, kernel_named
from indmech_bench.tasks.sampling import check_mode, each, first_that, moved_by, read_lengths, show_kernels, unit_power
from indmech_bench.tasks.truth import Truth

FAMILIES = {"stretch": stretches, "dilation": dilations, "modulation": None}
"""What k1 may be put through; modulations depend on the length of the signal."""


@register_task(
    "seismic-sparse",
    version=1,
    first="ricker",
    second="sparse-reflectivity",
    physics="a Ricker wavelet over scattered reflectors; taps of 8 ms",
)
@register_task(
    "seismic-blocky",
    version=1,
    first="ricker",
    second="blocky-reflectivity",
    physics="a Ricker wavelet over layers of random impedance; taps of 8 ms",
)
@register_task(
    "source-green",
    version=1,
    first="source-pulse",
    second="green-function",
    physics="an earthquake's source pulse over one path; taps of the station",
)
@register_task(
    "optics-stars",
    version=1,
    first="airy",
    second="stars",
    physics="a telescope's line spread over a crowded field; pixels",
)
@register_task(
    "optics-scene",
    version=1,
    first="airy",
    second="scene",
    physics="a lens's line spread over a scene with a 1/f spectrum; pixels",
)
@register_task(
    "seismic-thick",
    version=1,
    first="ricker",
    second="thick-reflectivity",
    physics="a Ricker wavelet over thick layers; taps of 8 ms",
    control=True,
    independence="exactly, by geometry",
)
@register_task(
    "optics-wide",
    version=1,
    first="airy",
    second="wide-stars",
    physics="a telescope's line spread over stars far apart; pixels",
    control=True,
    independence="exactly, by geometry",
)
@register_task("seismic-sparse-gaussian", version=1, family="physics-gaussian")
@register_task("seismic-blocky-gaussian", version=1, family="physics-gaussian")
@register_task("source-green-gaussian", version=1, family="physics-gaussian")
@register_task("optics-stars-gaussian", version=1, family="physics-gaussian")
@register_task("optics-scene-gaussian", version=1, family="physics-gaussian")
@register_task("seismic-thick-gaussian", version=1, family="physics-gaussian")
@register_task("optics-wide-gaussian", version=1, family="physics-gaussian")
@dataclass(frozen=True)
class PhysicsTask(KernelTask):
    """Two kernels with the shapes of physics, drawn apart and conditioned on nothing; stretch of the first in time.

    Units and sources of the kernels: `describe` of their names. Times are taps of k1: a stretch is
    another frequency of the wavelet, another duration of the source, another wavelength or aperture of the telescope.
    Synthetic kernels of textbook shapes: no measured data. In the controls what k2 lays down lies further apart than k1
    is long, which makes rho 1 by geometry. A twin, `<name>-gaussian`, has iid Gaussian taps of the same lengths.

    first, second: registered kernels (`indmech-bench list kernels`).
    observation: impulse (the composite kernel), spectrum, or samples (256 of them).
    taps: lengths L1xL2, 2 or more each, L1 + L2 - 1 at most n = 128.
    slack: taps at the end of k2 that are 0 in the truth; the learner does not know it. From L1 - 1 on, k1 = a delay
        fits, with rho = 1 exactly.
    scored: what k1 is put through. stretch moves its taps' times; dilation is a stretch without periodic images;
        modulation shifts its spectrum.
    noise: signal-to-noise ratio in dB of white noise on the observed impulse; none for no noise.
    Source: docs/physics.md; those of the kernels.
    """

    family: ClassVar[str] = "physics"
    intervention: ClassVar[str] = "stretch of k1"
    genericity: ClassVar[str] = "modulation of k1"
    solutions: ClassVar[str] = "finite, thousands"
    independence: ClassVar[str] = "drawn independently"
    control: ClassVar[bool] = False
    physics: ClassVar[str] = "none: iid Gaussian taps"
    n: ClassVar[int] = 128
    ranges: ClassVar[dict[str, str]] = {"slack": "[0, inf)"}

    first: str = "gaussian"
    second: str = "gaussian"
    observation: str = "impulse"
    taps: str = "9x24"
    slack: int = 0
    scored: str = "stretch"
    noise: float | None = None

    @property
    def lengths(self) -> tuple[int, int]:
        """Lengths of the learner's kernels."""
        first, second = read_lengths(self.taps, 2)
        return first, second

    @property
    def model(self) -> ConvolutionCascade:
        return ConvolutionCascade(self.lengths, self.n)

    def interventions(self, streams: Streams) -> Family:
        return self._family()

    def _family(self) -> Family:
        family = FAMILIES[self.scored]
        return modulations(self.n) if family is None else family()

    def check(self) -> None:
        """Kernels that are registered, lengths, slack and interventions that make sense together."""
        lengths = self.lengths
        check_mode(self.observation, lengths, self.n)
        for name in (self.first, self.second):
            kernel_named(name)
        if self.scored not in FAMILIES:
            raise unknown("intervention", self.scored, FAMILIES)
        if self.scored != "modulation" and 2 * (lengths[0] - 1) >= self.n / 2:
            raise InputError(f"taps {self.taps}: stretched twofold, {lengths[0]} taps leave the signal of {self.n}.")
        if not 0 <= self.slack <= lengths[1] - 2:
            raise InputError(f"slack {self.slack} must be from 0 to {lengths[1] - 2}: k2 keeps two taps or more.")
        if self.noise is not None and not self.phase:
            raise InputError(f"noise {self.noise} dB is for the observation 'impulse', not '{self.observation}'.")

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        moves = moved_by(self.model, self._family())
        return unit_power(self.model, self._family(), each(streams, lambda g: first_that(g, self._draw, moves, "")))

    def _draw(self, generator: np.random.Generator, size: int) -> dict[str, Tensor]:
        """Candidates (size, L_k), each kernel of unit norm."""
        first, second = self.lengths
        rows: list[tuple[Tensor, Tensor]] = []
        for _ in range(size):
            k1 = drawn(self.first, kernel_named(self.first), generator, first)
            k2 = drawn(self.second, kernel_named(self.second), generator, second - self.slack)
            k2 = np.pad(k2, (0, self.slack))
            rows.append((torch.from_numpy(k1 / np.linalg.norm(k1)), torch.from_numpy(k2 / np.linalg.norm(k2))))
        return {"k1": torch.stack([k1 for k1, _ in rows]), "k2": torch.stack([k2 for _, k2 in rows])}

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Observation:
        return show_kernels(self.model, parameters, self.observation, streams, self.noise)

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        """log rho and, where solutions can be counted, their number."""
        facts = super().facts(truth)
        try:
            counts = [count_solutions(composite, self.lengths) for composite in truth.composites()]
        except UnsupportedError:
            return facts
        return {**facts, "solutions": counts}
