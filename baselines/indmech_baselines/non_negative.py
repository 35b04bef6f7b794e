"""Kernels without negative taps: what non-negative composites allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from scipy.linalg import convolution_matrix
from scipy.optimize import nnls
from torch import Tensor

from indmech_baselines.factoring import as_parameters
from indmech_bench import Array, ConvolutionCascade, Problem, Solution, UnsupportedError, register_method

NEGATIVE = 0.05
"""Share of an observation's power in negative taps from which on its kernels are not taken as non-negative."""


def non_negative_pair(problem: Problem) -> tuple[int, int]:
    """The lengths of two kernels whose convolution is observed and is not negative, but for noise.

    Raises UnsupportedError elsewhere.
    """
    model = problem.model
    if problem.kind != "impulse" or not isinstance(model, ConvolutionCascade) or len(model.lengths) != 2:
        raise UnsupportedError("non-negative kernels are sought of two whose convolution is observed")
    if sum(model.lengths) - 1 > model.n:
        raise UnsupportedError("kernels as long as the signal wrap around: their convolution is not seen")
    shown = problem.observations.nan_to_num()
    share = shown.clamp_max(0).square().sum(-1) / shown.square().sum(-1)
    if bool((share > NEGATIVE).any()):
        raise UnsupportedError("observed kernels with negative taps are no convolution of non-negative ones")
    first, second = model.lengths
    return first, second


@register_method("non-negative-least-squares")
@dataclass(frozen=True)
class NonNegativeLeastSquares:
    """k_1 and k_2 in turn by least squares over taps >= 0, from several starts; the best fit taken.

    Line spreads, pulses and fluxes are not negative: most ways of sharing out the zeros are excluded, and taps become 0
    exactly. Costs one unit a solve and start. The loss never rises, but converges linearly, and is not polished: a
    step without the constraint would leave it.

    starts: number of starts, taps |N(0, 1)|.
    sweeps: how often both kernels are solved for.
    Skips all but the impulse of two kernels whose taps are not negative.
    Source: Lawson and Hanson (1974), NNLS; in turn as in Paatero and Tapper (1994) and Ayers and Dainty (1988).
    """

    approach: ClassVar[str] = "non-negativity"
    ranges: ClassVar[dict[str, str]] = {"starts": "[1, inf)", "sweeps": "[1, inf)"}

    starts: int = 8
    sweeps: int = 100

    def fit(self, problem: Problem) -> Solution:
        first, second = non_negative_pair(problem)
        problem.spend(2 * self.starts * self.sweeps)
        starts = problem.randn("non-negative start", self.starts, first).abs().double().numpy()
        shown = problem.observations[:, : first + second - 1].double().numpy()
        rows = [self._best(row, start, second) for row, start in zip(shown, starts, strict=True)]
        parameters = as_parameters(problem, rows)
        return problem.solution(parameters, loss=_loss(problem, parameters))

    def _best(self, shown: Array, starts: Array, second: int) -> tuple[Array, Array]:
        """k_1 and k_2 of one replicate."""
        pairs = [self._solved(shown, start, second) for start in starts]
        return min(pairs, key=lambda pair: float(np.square(np.convolve(*pair) - shown).sum()))

    def _solved(self, shown: Array, k1: Array, second: int) -> tuple[Array, Array]:
        """From one start; NaN where the observation is not finite or nothing is left of a kernel."""
        k2 = np.full(second, np.nan)
        if not np.isfinite(shown).all():
            return np.full(len(k1), np.nan), k2
        for _ in range(self.sweeps):
            k2 = nnls(convolution_matrix(k1, second), shown)[0]
            if not k2.any():
                break
            k2 /= np.linalg.norm(k2)
            k1 = nnls(convolution_matrix(k2, len(k1)), shown)[0]
            if not k1.any():
                break
        return k1, k2


def _loss(problem: Problem, parameters: dict[str, Tensor]) -> Tensor:
    with torch.no_grad():
        return problem.loss(parameters)
