"""FastICA: independent sources instead of independent mechanisms."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import ClassVar

from sklearn.decomposition import FastICA as Estimator
from sklearn.exceptions import ConvergenceWarning

from indmech_baselines.mixing import unmixed, with_mirror_image
from indmech_bench import Array, Problem, Solution, register_method


@register_method("fast-ica")
@dataclass(frozen=True)
class FastIca:
    """Mixing matrix M of samples x = M s by FastICA (scikit-learn); B its unit columns, A the norms.

    Where the sources are not Gaussian (family `ica`) M is identifiable. Where they are, M is a root of the covariance
    times a rotation that the noise of the samples chooses. Costs one unit an iteration.

    iterations: at most so many.
    Skips all but samples of a linear model.
    Source: Hyvarinen and Oja (2000); sklearn.decomposition.FastICA.
    """

    approach: ClassVar[str] = "closed form"
    ranges: ClassVar[dict[str, str]] = {"iterations": "[1, inf)"}

    iterations: int = 200

    def fit(self, problem: Problem) -> Solution:
        solution = unmixed(problem, self._mixing)
        problem.spend(self.iterations)
        return solution

    def _mixing(self, samples: Array, start: Array) -> Array:
        estimator = Estimator(w_init=start, max_iter=self.iterations, whiten="unit-variance")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # Gaussian sources give it nothing to converge to
            estimator.fit(with_mirror_image(samples))
        mixing: Array = estimator.mixing_
        return mixing
