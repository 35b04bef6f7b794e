"""Picard: maximum-likelihood ICA by a preconditioned quasi-Newton method."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from indmech_baselines.mixing import unmixed, with_mirror_image
from indmech_bench import Array, Problem, Solution, UnsupportedError, register_method


@register_method("picard")
@dataclass(frozen=True)
class Picard:
    """Mixing matrix of samples by Picard; B its unit columns, A the norms.

    Maximises the likelihood of sources with the density 1 / cosh, unconstrained (Infomax), as fast as Newton's method.
    Needs the package python-picard (`pip install 'indmech-bench[ica]'`). Costs one unit an iteration.

    iterations: at most so many.
    orthogonal: keep the unmixed samples uncorrelated (Picard-O), as FastICA does.
    Skips all but samples of a linear model.
    Source: Ablin, Cardoso and Gramfort (IEEE Transactions on Signal Processing, 2018).
    """

    approach: ClassVar[str] = "closed form"
    ranges: ClassVar[dict[str, str]] = {"iterations": "[1, inf)"}

    iterations: int = 200
    orthogonal: bool = False

    def fit(self, problem: Problem) -> Solution:
        try:
            library = importlib.import_module("picard")
        except ImportError:
            raise UnsupportedError("needs the package python-picard: pip install 'indmech-bench[ica]'") from None

        def mixing(samples: Array, start: Array) -> Array:
            orthogonal, _ = np.linalg.qr(start)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Gaussian sources give it nothing to converge to
                whitening, unmixing, _ = library.picard(
                    with_mirror_image(samples).T,
                    ortho=self.orthogonal,
                    w_init=orthogonal,
                    max_iter=self.iterations,
                    centering=False,
                )
            unmixed_samples = samples @ (unmixing @ whitening).T  # of any variance: that of the density assumed
            strengths = np.sqrt((unmixed_samples**2).mean(0))
            inverse: Array = np.linalg.inv(unmixing @ whitening) * strengths
            return inverse

        solution = unmixed(problem, mixing)
        problem.spend(self.iterations)
        return solution
