"""FastICA: independent sources instead of independent mechanisms."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from sklearn.decomposition import FastICA as Estimator
from sklearn.exceptions import ConvergenceWarning

from indmech_bench import Array, LinearCascade, Problem, Solution, UnsupportedError, register_method


@register_method("fast-ica")
@dataclass(frozen=True)
class FastIca:
    """Mixing matrix M of samples x = M s by FastICA (scikit-learn); B its unit columns, A the norms.

    Our sources are Gaussian, for which ICA is not identifiable: M is a root of the covariance times a rotation that the
    noise of the samples chooses. It is in the table because people would try it. Costs one unit an iteration.

    iterations: at most so many.
    Skips all but samples of a linear model.
    Source: Hyvarinen and Oja (2000); sklearn.decomposition.FastICA.
    """

    approach: ClassVar[str] = "closed form"
    ranges: ClassVar[dict[str, str]] = {"iterations": "[1, inf)"}

    iterations: int = 200

    def fit(self, problem: Problem) -> Solution:
        if not isinstance(problem.model, LinearCascade) or problem.kind != "samples":
            raise UnsupportedError("FastICA unmixes samples of a linear model only")
        problem.spend(self.iterations)
        d = problem.model.d
        starts = problem.randn("unmixing", d, d).double().numpy()
        shown = problem.observations.double().numpy()
        mixing = np.stack([self._mixing(row, start) for row, start in zip(shown, starts, strict=True)])
        M = torch.from_numpy(mixing).to(problem.dtype)
        norms = M.norm(dim=-2)
        return problem.solution({"A": torch.diag_embed(norms), "B": M / norms.unsqueeze(-2)})

    def _mixing(self, samples: Array, start: Array) -> Array:
        """M (d, d) from samples (N, d)."""
        if not np.isfinite(samples).all():
            return np.full(start.shape, np.nan)
        # the law has mean 0: without sample and mirror image FastICA would take out the samples' own mean
        both = np.concatenate([samples, -samples])
        estimator = Estimator(w_init=start, max_iter=self.iterations, whiten="unit-variance")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # Gaussian sources give it nothing to converge to
            estimator.fit(both)
        mixing: Array = estimator.mixing_
        return mixing
