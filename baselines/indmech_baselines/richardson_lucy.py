"""Blind Richardson-Lucy: multiplicative updates of kernels that are not negative."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from indmech_baselines.non_negative import non_negative_pair
from indmech_bench import Problem, Solution, pick, product, register_method

LEAST = 1e-12
"""Of a predicted tap: ratios are taken to it."""


@register_method("richardson-lucy")
@dataclass(frozen=True)
class RichardsonLucy:
    """k <- k * corr(c / (k_1 * k_2), other) / sum(other), for k_2 and k_1 in turn; the best fit of several starts.

    The expectation-maximisation step of Poisson counts: taps stay positive, and the total is kept. It converges slowly
    and is not polished. Costs two units an iteration and start.

    starts: number of starts, taps |N(0, 1)|.
    iterations: how often both kernels are updated.
    Skips all but the impulse of two kernels whose taps are not negative.
    Source: Richardson (1972); Lucy (1974); for two kernels Fish, Brinicombe, Pike and Walker (1995).
    """

    approach: ClassVar[str] = "non-negativity"
    ranges: ClassVar[dict[str, str]] = {"starts": "[1, inf)", "iterations": "[1, inf)"}

    starts: int = 8
    iterations: int = 2000

    def fit(self, problem: Problem) -> Solution:
        lengths = non_negative_pair(problem)
        n = problem.observations.shape[-1]
        shown = problem.observations.clamp_min(0).unsqueeze(1)
        drawn = [
            problem.randn(f"positive start of k{k}", self.starts, length).abs() for k, length in enumerate(lengths)
        ]
        k1, k2 = (kernel / kernel.sum(-1, keepdim=True) for kernel in drawn)
        k2 = k2 * shown.sum(-1, keepdim=True)
        with torch.no_grad(), problem.prepaid(2 * self.iterations * self.starts):
            for _ in range(self.iterations):
                k2 = _updated(k2, k1, shown, n)
                k1 = _updated(k1, k2, shown, n)
        fitted = dict(zip(problem.shapes, (k1, k2), strict=True))
        with torch.no_grad():
            loss = problem.loss(fitted)
        chosen = problem.least(loss, ~loss.isnan())
        rows = torch.arange(problem.replicates)
        return problem.solution(pick(fitted, chosen), start=chosen, loss=loss[rows, chosen])


def _updated(kernel: Tensor, other: Tensor, shown: Tensor, n: int) -> Tensor:
    """One multiplicative update, (R, S, L)."""
    K, H = torch.fft.rfft(kernel, n=n), torch.fft.rfft(other, n=n)
    ratio = shown / torch.fft.irfft(product(K, H), n=n).clamp_min(LEAST)
    correlated = torch.fft.irfft(product(torch.fft.rfft(ratio), H.conj()), n=n)[..., : kernel.shape[-1]]
    return kernel * correlated.clamp_min(0) / other.sum(-1, keepdim=True)
