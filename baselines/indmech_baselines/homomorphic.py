"""Homomorphic separation: a cut in the cepstrum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg import convolution_matrix

from indmech_baselines.factoring import as_parameters
from indmech_bench import (
    Array,
    ConvolutionCascade,
    Problem,
    Solution,
    UnsupportedError,
    levenberg_marquardt,
    register_method,
)

FLOOR = 1e-6
"""Smallest power of a frequency, relative to the mean: the cepstrum of an exact zero is infinite."""


@register_method("homomorphic")
@dataclass(frozen=True)
class Homomorphic:
    """Split log S = log P_1 + log P_2 by quefrency: what varies slowly over frequency is k_2, what varies fast is k_1.

    k_2 is the kernel of minimum phase of the low part, cut to its length; k_1 the least-squares rest (impulse), or the
    kernel of minimum phase of the high part. Then polished, where there are few enough parameters. No independence, no
    training: it bets that the mechanisms differ in smoothness. Costs one unit.

    cutoff: highest quefrency, in samples, that goes to k_2; none for its length - 1, at most n / 8.
    polish_steps: at most so many Levenberg-Marquardt steps.
    Skips all but chains of two convolutions.
    Source: Oppenheim and Schafer (1975), homomorphic deconvolution.
    """

    approach: ClassVar[str] = "closed form"
    ranges: ClassVar[dict[str, str]] = {"cutoff": "[0, inf)", "polish_steps": "[0, inf)"}
    grid: ClassVar[dict[str, list[int | None]]] = {"cutoff": [1, 2, 3, None, 6, 8]}

    cutoff: int | None = None
    polish_steps: int = 50

    def fit(self, problem: Problem) -> Solution:
        model = problem.model
        if not isinstance(model, ConvolutionCascade) or len(model.lengths) != 2:
            raise UnsupportedError("a cut in the cepstrum separates chains of two convolutions only")
        cutoff = min(model.lengths[1] - 1, model.n // 8) if self.cutoff is None else self.cutoff
        problem.spend(1)
        rows = [self._separated(problem, model, row, cutoff) for row in problem.observations.double().numpy()]
        polished, loss = levenberg_marquardt(problem, as_parameters(problem, rows), self.polish_steps)
        return problem.solution(polished, loss=loss)

    @staticmethod
    def _separated(problem: Problem, model: ConvolutionCascade, shown: Array, cutoff: int) -> tuple[Array, Array]:
        """k_1 and k_2 of one replicate."""
        n, (first, second) = model.n, model.lengths
        if not np.isfinite(shown).all():  # least squares would raise, for all replicates
            return np.full(first, np.nan), np.full(second, np.nan)
        if problem.kind == "impulse":
            spectrum = np.abs(np.fft.rfft(shown)) ** 2
        else:
            spectrum = shown if problem.kind == "spectrum" else shown.mean(0)[: n // 2 + 1]
        cepstrum = np.fft.irfft(np.log(np.maximum(spectrum, FLOOR * spectrum.mean())), n=n)
        low = np.where(np.minimum(np.arange(n), n - np.arange(n)) <= cutoff, cepstrum, 0.0)
        k2 = _minimum_phase(low)[:second]
        if problem.kind == "impulse" and first + second - 1 <= n:
            k1 = np.linalg.lstsq(convolution_matrix(k2, first), shown[: first + second - 1], rcond=None)[0]
        elif problem.kind == "impulse":
            k1 = np.fft.irfft(np.fft.rfft(shown) / np.fft.rfft(k2, n=n), n=n)[:first]
        else:
            k1 = _minimum_phase(cepstrum - low)[:first]
        return np.asarray(k1, dtype=np.float64), k2


def _minimum_phase(cepstrum: Array) -> Array:
    """The kernel (n,) of minimum phase whose log power spectrum has this cepstrum (n,)."""
    n = len(cepstrum)
    folded = np.zeros(n)
    folded[0] = cepstrum[0] / 2
    folded[1 : (n + 1) // 2] = cepstrum[1 : (n + 1) // 2]
    if n % 2 == 0:
        folded[n // 2] = cepstrum[n // 2] / 2
    return np.fft.irfft(np.exp(np.fft.rfft(folded)), n=n)
