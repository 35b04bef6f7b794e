"""FIR cascades whose taps are not iid Gaussian: does what wins on `fir-natural` outlive its prior?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from indmech_bench.errors import unknown
from indmech_bench.registry.registration import register_task
from indmech_bench.tasks.chains.fir import FirTask

PRESENT = 0.4
"""Share of the taps of a sparse kernel that are not 0."""
FREEDOM = 2
"""Degrees of freedom of heavy tails: the least whole number with a mean of absolute values, without a variance."""
BINOMIAL = np.array([1, 4, 6, 4, 1]) / 16
"""What smooth kernels are smoothed by."""
DECAY = 3.0
"""Taps of a decaying kernel fall by exp(-DECAY) over its length."""


def sparse(generator: np.random.Generator, size: int, length: int) -> np.ndarray:
    """Standard normal at max(2, round(0.4 L)) places drawn without replacement, 0 elsewhere: (size, L)."""
    present = max(2, round(PRESENT * length))
    places = generator.random((size, length)).argsort(-1)[:, :present]
    taps = np.zeros((size, length))
    np.put_along_axis(taps, places, generator.standard_normal((size, present)), -1)
    return taps


def heavy_tailed(generator: np.random.Generator, size: int, length: int) -> np.ndarray:
    """Student's t with two degrees of freedom, iid: (size, L)."""
    return generator.standard_t(FREEDOM, (size, length))


def smooth(generator: np.random.Generator, size: int, length: int) -> np.ndarray:
    """White noise seen through a binomial window of five taps: (size, L)."""
    rough = generator.standard_normal((size, length + len(BINOMIAL) - 1))
    return np.lib.stride_tricks.sliding_window_view(rough, len(BINOMIAL), -1) @ BINOMIAL


def decaying(generator: np.random.Generator, size: int, length: int) -> np.ndarray:
    """Standard normal times exp(-3 t / L): (size, L)."""
    return generator.standard_normal((size, length)) * np.exp(-DECAY * np.arange(length) / length)


PRIORS = {"sparse": sparse, "heavy-tailed": heavy_tailed, "smooth": smooth, "decaying": decaying}


@register_task("fir-sparse", version=1, prior="sparse")
@register_task("fir-heavy-tailed", version=1, prior="heavy-tailed")
@register_task("fir-smooth", version=1, prior="smooth")
@register_task("fir-decaying", version=1, prior="decaying")
@dataclass(frozen=True)
class FirPriorTask(FirTask):
    """Two FIR kernels drawn apart from a prior that is not iid Gaussian, modulation of the first.

    Minimum norm and evidence suppose that all directions of a kernel are alike; here they are not. A method is not told
    the prior. Both kernels have the same one, so that low-pass shapes meet low-pass shapes: nothing makes rho 1.

    prior: sparse (two fifths of the taps are not 0), heavy-tailed (Student's t, 2 degrees of freedom), smooth (white
        noise through a binomial window of five taps) or decaying (Gaussian times exp(-3 t / L)).
    Source: docs/theory.md, FIR cascade: what evidence and minimum norm suppose.
    """

    solutions: ClassVar[str] = "finite, tens"

    prior: str = "sparse"

    def check(self) -> None:
        """A prior that is known, and what the family checks."""
        if self.prior not in PRIORS:
            raise unknown("prior", self.prior, PRIORS)
        super().check()

    def prior_taps(self, generator: np.random.Generator, size: int) -> Sequence[Tensor]:
        """Taps (size, L_k) of the truth's lengths."""
        drawn = (PRIORS[self.prior](generator, size, length) for length in self.lengths)
        return [torch.from_numpy(np.ascontiguousarray(taps)) for taps in drawn]
