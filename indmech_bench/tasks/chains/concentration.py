"""Concentration: the same cascade in 64 to 4,096 dimensions, where rho comes near 1 by itself (docs/theory.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from torch import Tensor

from indmech_bench.errors import InputError
from indmech_bench.registry.registration import register_task
from indmech_bench.scm.interventions import Family, coarse_modulations
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.parameters import START_SCALE
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.kernels import KernelTask, iid_kernels
from indmech_bench.tasks.sampling import check_mode, moved_by_modulation, unit_power
from indmech_bench.tasks.truth import Truth

SHIFTS = 64
"""Modulations that are scored, evenly spaced: all of them where n is 64."""
FILLED = 7 / 8
"""Summed lengths of the kernels, as a share of n: the composite fits, and no length is that of another."""


@register_task("concentration-64", version=1, n=64)
@register_task("concentration-256", version=1, n=256)
@register_task("concentration-1024", version=1, n=1024)
@register_task("concentration-4096", version=1, n=4096)
@register_task("concentration-depth-4", version=1, n=256, depth=4)
@register_task("concentration-depth-8", version=1, n=256, depth=8)
@dataclass(frozen=True)
class ConcentrationTask(KernelTask):
    """K FIR kernels of iid Gaussian taps, as long as n allows, modulation of the first: the dimension axis.

    log rho of independent kernels has a spread of about n^(-1/2): the postulate that it is 0 becomes exact as n grows.
    So does that of wrong solutions, of which there are exponentially many. The lengths fall in a straight line, the
    first twice the last, 7/8 n together; starts have the same norm at every n. Scored are 64 evenly spaced modulations.

    observation: impulse (the composite kernel).
    n: samples, a multiple of 64.
    depth: kernels, 2 or more.
    Source: docs/theory.md; concentration of the trace ratio, Janzing, Hoyer, Schoelkopf (ICML 2010), theorem 1.
    """

    family: ClassVar[str] = "concentration"
    intervention: ClassVar[str] = "modulation of k1"
    genericity: ClassVar[str] = "modulation, of each k"
    solutions: ClassVar[str] = "finite, exponentially many"
    independence: ClassVar[str] = "drawn independently"
    ranges: ClassVar[dict[str, str]] = {"n": "[64, 16384]", "depth": "[2, 16]"}

    observation: str = "impulse"
    n: int = 64
    depth: int = 2

    @property
    def lengths(self) -> tuple[int, ...]:
        """Taps of each kernel."""
        shares = np.linspace(2, 1, self.depth)
        return tuple(max(2, int(length)) for length in FILLED * self.n * shares / shares.sum())

    @property
    def start_scale(self) -> float:  # type: ignore[override]
        """A start of the norm that one of nine taps has in `fir-natural`: by taps it would grow with the dimension."""
        return START_SCALE * math.sqrt(9 / self.lengths[0])

    @property
    def model(self) -> ConvolutionCascade:
        return ConvolutionCascade(self.lengths, self.n)

    def interventions(self, streams: Streams) -> Family:
        return coarse_modulations(self.n, SHIFTS)

    def check(self) -> None:
        check_mode(self.observation, self.lengths, self.n, ("impulse",))
        if self.n % SHIFTS:
            raise InputError(f"n {self.n} must be a multiple of {SHIFTS}, such as {self.n - self.n % SHIFTS}.")

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        drawn = iid_kernels(self.model, streams, partial(moved_by_modulation, self.model))
        return unit_power(self.model, coarse_modulations(self.n, SHIFTS), drawn)

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        """log rho, and the sum of |log rho_k| over all mechanisms."""
        total = self.model.log_generic_ratios(truth.parameters).abs().sum(-1)
        return {**super().facts(truth), "summed_log_generic_ratios": total.tolist()}
