"""Minimum-entropy deconvolution: the inverse filter whose output is most spiky."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench import (
    ConvolutionCascade,
    Problem,
    Solution,
    UnsupportedError,
    damped_solve,
    deconvolve,
    levenberg_marquardt,
    register_method,
)

RIDGE = 1e-6
"""Damping of each solve, relative to the mean diagonal: composites have zeros near the unit circle."""


@register_method("minimum-entropy")
@dataclass(frozen=True)
class MinimumEntropy:
    """The filter f with the largest sum y^4 / (sum y^2)^2 of y = f * c: f <- (X'X)^-1 X' y^3, X the shifts of c.

    y is taken as k_2, in its window of most power; k_1 is the least-squares rest. Then polished. It bets that k_2 is a
    few spikes and that k_1 has a short inverse. Costs one unit an iteration and tap of the filter.

    taps: of the filter, at most the length of the signal.
    iterations: solves.
    polish_steps: at most so many Levenberg-Marquardt steps.
    Skips all but the impulse of two convolutions that do not wrap around.
    Source: Wiggins (1978).
    """

    approach: ClassVar[str] = "sparsity"
    ranges: ClassVar[dict[str, str]] = {"taps": "[2, inf)", "iterations": "[1, inf)", "polish_steps": "[0, inf)"}
    grid: ClassVar[dict[str, list[int]]] = {"taps": [16, 32, 64]}

    taps: int = 32
    iterations: int = 50
    polish_steps: int = 50

    def fit(self, problem: Problem) -> Solution:
        model = problem.model
        if problem.kind != "impulse" or not isinstance(model, ConvolutionCascade) or len(model.lengths) != 2:
            raise UnsupportedError("an inverse filter is sought of two kernels whose convolution is observed")
        first, second = model.lengths
        if first + second - 1 > model.n:
            raise UnsupportedError("kernels as long as the signal wrap around: no window holds the second one")
        taps = min(self.taps, model.n)
        problem.spend(self.iterations * taps)
        with torch.no_grad():
            layout = _window(_spiky(problem.observations, taps, self.iterations), second)
            rest = deconvolve(problem.observations, layout, first)
        begun = dict(zip(problem.shapes, (rest, layout), strict=True))
        polished, loss = levenberg_marquardt(problem, begun, self.polish_steps)
        return problem.solution(polished, loss=loss)


def _spiky(shown: Tensor, taps: int, iterations: int) -> Tensor:
    """The filtered observation (R, n) of largest varimax, from a spike in the middle of the filter on."""
    shifts = torch.stack([shown.roll(t, -1) for t in range(taps)], -1)
    output = shifts[..., taps // 2]
    for _ in range(iterations):
        output = output / output.square().mean(-1, keepdim=True).sqrt()
        filtered = damped_solve(shifts, output**3, RIDGE)
        output = (shifts * filtered.unsqueeze(-2)).sum(-1)
    return output


def _window(signal: Tensor, length: int) -> Tensor:
    """The stretch (R, length) of a circular signal (R, n) with the most power."""
    windows = torch.cat([signal, signal[..., : length - 1]], -1).unfold(-1, length, 1)
    place = windows.square().sum(-1).argmax(-1)
    return windows[torch.arange(len(signal)), place]
