"""The mixing matrix that several environments share, by joint diagonalisation of their covariances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from scipy.linalg import LinAlgError, eigh
from torch import Tensor

from indmech_bench import (
    Array,
    LinearEnvironments,
    Problem,
    Solution,
    UnsupportedError,
    levenberg_marquardt,
    pick,
    register_method,
)


@register_method("joint-diagonalisation")
@dataclass(frozen=True)
class JointDiagonalisation:
    """Covariances S_e = B D_e^2 B' have W = B^-T in common: W' S_e W is diagonal for all e.

    W are the generalised eigenvectors of two weighted sums of the covariances (scipy.linalg.eigh), exact where the
    environments are; of several random pairs of sums the one with the best fit is taken and polished. Each pair costs a
    Jacobian of the shared matrix.

    pairs: number of pairs of weighted sums; the first is that of the first two environments.
    polish_steps: at most so many Levenberg-Marquardt steps.
    Skips all but linear environments that share a matrix.
    Source: Molgedey and Schuster (1994); Parra and Sajda (JMLR 2003), generalised eigenvalues.
    """

    approach: ClassVar[str] = "closed form"
    ranges: ClassVar[dict[str, str]] = {"pairs": "[1, inf)", "polish_steps": "[0, inf)"}

    pairs: int = 8
    polish_steps: int = 50

    def fit(self, problem: Problem) -> Solution:
        model = problem.model
        if not isinstance(model, LinearEnvironments) or model.environments < 2:
            raise UnsupportedError("there are no environments with a mixing matrix in common")
        environments = model.environments
        weights = problem.randn("pencils", self.pairs, 2, environments).double().square().numpy()
        weights[:, 0] = 0.0
        weights[:, 0, 0, 0] = weights[:, 0, 1, 1] = 1.0
        shown = problem.observations.double().numpy()
        candidates = [[diagonalised(row, pair) for pair in pairs] for row, pairs in zip(shown, weights, strict=True)]
        problem.spend(self.pairs * model.d**2)
        starts: dict[str, Tensor] = {
            name: torch.from_numpy(np.stack([[candidate[k] for candidate in row] for row in candidates])).to(
                problem.dtype
            )
            for k, name in enumerate(problem.shapes)
        }
        with torch.no_grad():
            losses = problem.loss(starts)
            start = pick(starts, problem.least(losses, ~losses.isnan()))
            polished, loss = levenberg_marquardt(problem, start, self.polish_steps)
        return problem.solution(polished, loss=loss)


def diagonalised(covariances: Array, weights: Array) -> list[Array]:
    """a_1 ... a_E (d,) and B (d, d) of one replicate, from covariances (E, d, d) and two rows of weights (2, E)."""
    first, second = np.tensordot(weights, covariances, 1)
    try:
        W = eigh(first, second)[1]
    except (LinAlgError, ValueError):
        W = np.full_like(first, np.nan)
    powers = np.einsum("ji,ejk,ki->ei", W, covariances, W)
    return [*np.sqrt(np.maximum(powers, 0)), np.linalg.inv(W).T]
