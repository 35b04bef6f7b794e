"""The shared kernel of several environments as their approximate greatest common divisor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg import convolution_matrix

from indmech_baselines.factoring import as_parameters, minimum_phase
from indmech_bench import (
    Array,
    Problem,
    SharedConvolution,
    Solution,
    UnsupportedError,
    levenberg_marquardt,
    register_method,
    sylvester,
)


@register_method("approximate-gcd")
@dataclass(frozen=True)
class ApproximateGcd:
    """Environments c_e = k_1^(e) * k_2: c_e * k_1^(f) - c_f * k_1^(e) = 0 for all e, f is linear in k_1.

    The smallest right singular vector of their stacked Sylvester matrix is all of k_1; k_2 is the least-squares
    divisor. A closed form, then polished. Without a phase the same is done with autocorrelations, whose factors are
    then taken of minimum phase: reflected zeros change no prediction. Costs a Jacobian.

    polish_steps: at most so many Levenberg-Marquardt steps.
    Skips all but two or more environments of convolutions that share a kernel.
    Source: Corless, Gianni, Trager, Watt (ISSAC 1995); Xu, Liu, Tong, Kailath (1995), blind identification of channels.
    """

    approach: ClassVar[str] = "closed form"
    ranges: ClassVar[dict[str, str]] = {"polish_steps": "[0, inf)"}

    polish_steps: int = 50

    def fit(self, problem: Problem) -> Solution:
        model = problem.model
        if not isinstance(model, SharedConvolution) or model.environments < 2:
            raise UnsupportedError("there are no two environments to have a divisor in common")
        private, shared = model.lengths
        rows = [self._divided(problem, row, private, shared) for row in problem.observations.double().numpy()]
        problem.spend(model.environments * private + shared)
        polished, loss = levenberg_marquardt(problem, as_parameters(problem, rows), self.polish_steps)
        return problem.solution(polished, loss=loss)

    @staticmethod
    def _divided(problem: Problem, shown: Array, private: int, shared: int) -> list[Array]:
        """k_1^(1) ... k_1^(E) and k_2 of one replicate."""
        length = private + shared - 1
        if not np.isfinite(shown).all():  # a singular value decomposition would raise, for all replicates
            return [*np.full((len(shown), private), np.nan), np.full(shared, np.nan)]
        if problem.kind == "impulse":
            return common_divisor([*shown[:, :length]], private, shared)
        spectra = shown.mean(-2) if problem.kind == "samples" else shown
        n = spectra.shape[-1] if problem.kind == "samples" else 2 * (spectra.shape[-1] - 1)
        correlations = np.fft.irfft(spectra[:, : n // 2 + 1], n=n)
        two_sided = [np.concatenate([c[length - 1 : 0 : -1], c[:length]]) for c in correlations]
        factors = common_divisor(two_sided, 2 * private - 1, 2 * shared - 1)
        return [_root(factor) for factor in factors]


def common_divisor(composites: list[Array], private: int, shared: int) -> list[Array]:
    """Cofactors (own taps each) and the divisor (shared taps) that composites have nearest to in common."""
    null = np.linalg.svd(sylvester(composites, private))[2][-1]
    cofactors = null.reshape(len(composites), private)
    stacked = np.concatenate([convolution_matrix(cofactor, shared) for cofactor in cofactors])
    divisor = np.linalg.lstsq(stacked, np.concatenate(composites), rcond=None)[0]
    return [*cofactors, divisor]


def _root(two_sided: Array) -> Array:
    """The kernel of minimum phase with this autocorrelation (2 L - 1,), made even and of positive power."""
    length = (len(two_sided) + 1) // 2
    even = (two_sided + two_sided[::-1]) / 2
    even = even * np.sign(even[length - 1])
    return minimum_phase(even[length - 1 :], length)
