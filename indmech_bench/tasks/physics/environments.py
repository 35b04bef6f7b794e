"""Environments with the shapes of physics: several sources, one path that they share (docs/physics-environments.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from indmech_bench.errors import InputError
from indmech_bench.registry.registration import register_task
from indmech_bench.scm.divisors import limit_snr, sylvester_condition
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.environments import EnvironmentsTask
from indmech_bench.tasks.physics.drawing import drawn, kernel_named
from indmech_bench.tasks.sampling import first_that, moved_by_modulation, show_kernels
from indmech_bench.tasks.truth import Truth

PRECISE = 0.01
"""Mean squared error of k2, relative to |k2|^2, that the fact `limit_snr` is about."""


@register_task(
    "speakers", version=1, first="vowel", second="room", taps="24x64", physics="vowels in one room; taps of 1/8000 s"
)
@register_task(
    "shots",
    version=1,
    first="ricker",
    second="sparse-reflectivity",
    physics="shots of several wavelets over one earth; taps of 8 ms",
)
@register_task(
    "events",
    version=1,
    first="source-pulse",
    second="green-function",
    physics="earthquakes over one path to a station; taps of the station",
)
@register_task(
    "telescopes",
    version=1,
    first="airy",
    second="stars",
    physics="several apertures or wavelengths on one sky; pixels",
)
@register_task("speakers-gaussian", version=1, family="physics-environments-gaussian", taps="24x64")
@register_task("shots-gaussian", version=1, family="physics-environments-gaussian")
@register_task("events-gaussian", version=1, family="physics-environments-gaussian")
@register_task("telescopes-gaussian", version=1, family="physics-environments-gaussian")
@dataclass(frozen=True)
class PhysicsEnvironmentsTask(EnvironmentsTask):
    """E environments with a k1 each and one k2, kernels with the shapes of physics; modulation of k1 everywhere.

    `transfer_error`, the extrapolation error in a further environment for which only a new k1 of the same kind is
    fitted, is what the family is about: k2 is worth what it says of sources that were not there. Truths are the same at
    every noise, and those of more environments contain those of fewer. Synthetic kernels of textbook shapes, drawn
    apart: no measured data. A twin, `<name>-gaussian`, has iid Gaussian taps of the same lengths.

    Facts of a row: `limit_snr`, the signal-to-noise ratio in dB below which no unbiased method knows k2 to 1 % (Cramer
    and Rao), `jacobian_condition` and `sylvester_condition`, of the problem and of its closed form.

    first, second: registered kernels (`indmech-bench list kernels`).
    observation: impulse, spectrum, or samples (256 of them in each environment).
    taps: lengths L1xL2 of k1 and k2, 2 or more each.
    environments: how many there are, 2 or more.
    noise: signal-to-noise ratio in dB of white noise on each observed impulse; none for no noise.
    Source: docs/physics-environments.md; those of the kernels.
    """

    family: ClassVar[str] = "physics-environments"
    physics: ClassVar[str] = "none: iid Gaussian taps"
    n: ClassVar[int] = 256
    shown_by: ClassVar[tuple[str, ...]] = ("environments", "noise")
    ranges: ClassVar[dict[str, str]] = {"environments": "[2, 64]"}

    first: str = "gaussian"
    second: str = "gaussian"
    taps: str = "9x64"
    noise: float | None = None

    def check(self) -> None:
        """Kernels that are registered, and noise where there is an impulse to add it to."""
        super().check()
        for name in (self.first, self.second):
            kernel_named(name)
        if self.noise is not None and not self.phase:
            raise InputError(f"noise {self.noise} dB is for the observation 'impulse', not '{self.observation}'.")

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        shared = torch.cat([self._candidates(self.second, g, 1, self.lengths[1]) for g in streams.generators("k2")])
        own = {name: self._own(name, shared, streams) for name in self.model.names[:-1]}
        truths = {**own, "k2": shared}
        power = self.model.mean(self.model.half_spectrum(truths))
        return self.model.rescale(truths, 1 / power.sqrt())

    def held_out(self, shared: Tensor, streams: Streams) -> Tensor:
        return self._own("held-out environment", shared, streams)

    def _own(self, stream: str, shared: Tensor, streams: Streams) -> Tensor:
        """k1 (R, L1) of one environment, which modulation moves beside the shared k2 (R, L2): from its own stream."""
        cascade = ConvolutionCascade(self.lengths, self.n)
        kept = []
        for row, generator in enumerate(streams.generators(stream)):
            k2 = shared[row : row + 1]

            def draw(generator: np.random.Generator, size: int, k2: Tensor = k2) -> dict[str, Tensor]:
                k1 = self._candidates(self.first, generator, size, self.lengths[0])
                return {"k1": k1, "k2": k2.expand(size, -1)}

            kept.append(first_that(generator, draw, lambda pairs: moved_by_modulation(cascade, pairs), "")["k1"])
        return torch.cat(kept)

    @staticmethod
    def _candidates(name: str, generator: np.random.Generator, size: int, length: int) -> Tensor:
        """Draws of a kernel, each of unit norm: (size, L)."""
        kernels = np.stack([drawn(name, kernel_named(name), generator, length) for _ in range(size)])
        return torch.from_numpy(kernels / np.linalg.norm(kernels, axis=-1, keepdims=True))

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Observation:
        return show_kernels(self.model, parameters, self.observation, streams, self.noise)

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        """log rho, the signal-to-noise ratio that k2 needs, and condition numbers."""
        own = self.model.intervened_taps(truth.parameters).double().numpy()
        shared = truth.parameters["k2"].double().numpy()
        limits = [limit_snr(*kernels, self.n, PRECISE) for kernels in zip(own, shared, strict=True)]
        return {
            **super().facts(truth),
            "limit_snr": [snr for _, snr in limits],
            "jacobian_condition": [condition for condition, _ in limits],
            "sylvester_condition": [*map(sylvester_condition, own, shared)],
        }
