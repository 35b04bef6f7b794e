"""EyesTask: where a shape is and what it is; the layout is stretched (docs/theory.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from indmech_bench.registry.registration import register_task
from indmech_bench.scm.interventions import Family, stretches
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.kernels import KernelTask
from indmech_bench.tasks.sampling import MODES, check_mode, each, first_that, moved_by, unit_power

LAYOUT, SHAPE = 24, 8


@register_task("eyes-natural", version=1, independence="drawn independently", apart=None)
@register_task("eyes-independent", version=1, control=True, independence="exactly", apart=True)
@register_task("eyes-dependent", version=1, independence="no, shapes overlap", apart=False)
@dataclass(frozen=True)
class EyesTask(KernelTask):
    """A layout of two spikes (24 taps) and a smooth shape (8 taps) that stands at both; stretch of the layout.

    Spikes have amplitudes U(1/2, 3/2) and lie at times 0 to 23. Spikes at least a shape's length apart give rho = 1
    exactly: log rho is the sum of products of the two autocorrelations. So would any layout and shape that geometry
    keeps apart, and where the spikes are at most 16 apart a delay fits as second mechanism, with rho = 1 as exactly:
    that task is a control, `eyes-natural` the test. The learner knows the lengths, not that the layout is sparse.

    observation: impulse, spectrum, or samples (256 of them).
    apart: whether the spikes are at least the 8 taps of the shape apart, or nearer; none for any distance from 1 to 23.
    Source: docs/theory.md, stretch.
    """

    family: ClassVar[str] = "eyes"
    intervention: ClassVar[str] = "stretch of k1"
    genericity: ClassVar[str] = "modulation of k1"
    solutions: ClassVar[str] = "finite, thousands"
    independence: ClassVar[str] = "exactly"
    n: ClassVar[int] = 128

    observation: str = "impulse"
    apart: bool | None = True

    @property
    def model(self) -> ConvolutionCascade:
        return ConvolutionCascade((LAYOUT, SHAPE), self.n)

    def interventions(self, streams: Streams) -> Family:
        return stretches()

    def check(self) -> None:
        check_mode(self.observation, (LAYOUT, SHAPE), self.n, MODES)

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        drawn = each(streams, lambda g: first_that(g, self._draw, moved_by(self.model, stretches()), ""))
        return unit_power(self.model, stretches(), drawn)

    def _draw(self, generator: np.random.Generator, size: int) -> dict[str, Tensor]:
        layout = np.zeros((size, LAYOUT))
        low = SHAPE if self.apart else 1
        high = SHAPE if self.apart is False else LAYOUT
        distance = generator.integers(low, high, size)
        first = np.floor(generator.random(size) * (LAYOUT - distance)).astype(int)
        rows = np.arange(size)
        layout[rows, first] = generator.uniform(0.5, 1.5, size)
        layout[rows, first + distance] = generator.uniform(0.5, 1.5, size)
        rough = np.pad(generator.standard_normal((size, SHAPE)), ((0, 0), (1, 1)))
        shape = rough[:, :-2] / 4 + rough[:, 1:-1] / 2 + rough[:, 2:] / 4
        return {"k1": torch.from_numpy(layout), "k2": torch.from_numpy(shape)}
