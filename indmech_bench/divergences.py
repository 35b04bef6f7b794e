"""Population-exact divergences between laws, in closed form."""

from __future__ import annotations

import torch
from torch import Tensor


def bures_wasserstein(S: Tensor, T: Tensor) -> Tensor:
    """Squared Bures-Wasserstein distance over n between stationary Gaussian laws: <(sqrt S - sqrt T)^2>.

    S, T: power spectra (..., n), broadcast against each other. Returns (...). Circulant covariances commute, so the
    distance is the Euclidean one between the roots of their eigenvalues, which are the power spectra.
    """
    return (S.sqrt() - T.sqrt()).square().mean(-1)


def bures_wasserstein_pairs(S: Tensor, T: Tensor) -> Tensor:
    """The same between all pairs of two lists of laws: S (R, G, n), T (R, H, n) -> (R, G, H)."""
    cross = torch.bmm(S.sqrt(), T.sqrt().mT) / S.shape[-1]
    return (S.mean(-1).unsqueeze(-1) + T.mean(-1).unsqueeze(-2) - 2 * cross).clamp_min(0)


def sum_over_shifts(P_hat: Tensor, R_hat: Tensor, P: Tensor, R: Tensor) -> Tensor:
    """Sum over s = 1 .. n-1 of D(P_hat(v - s) R_hat(v), P(v - s) R(v)) in O(n) (THEORY 3.1).

    P_hat, P: spectra (..., n) of the intervened mechanism, R_hat, R: products of all the others. Returns (...).
    """
    n = P.shape[-1]
    powers = P_hat.mean(-1) * R_hat.mean(-1) + P.mean(-1) * R.mean(-1)
    overlap = (P_hat * P).sqrt().mean(-1) * (R_hat * R).sqrt().mean(-1)
    return n * (powers - 2 * overlap) - bures_wasserstein(P_hat * R_hat, P * R)


def movement(P: Tensor, R: Tensor) -> Tensor:
    """Sum over s = 1 .. n-1 of D(P(v) R(v), P(v - s) R(v)): how far the interventions move a law. (..., n) -> (...).

    The term s = 0 is zero, so the sum over all shifts is the sum without it.
    """
    S = P * R
    return P.shape[-1] * (S.mean(-1) + P.mean(-1) * R.mean(-1) - 2 * P.sqrt().mean(-1) * (P.sqrt() * R).mean(-1))
