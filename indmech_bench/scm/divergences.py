"""Population-exact divergences between laws, in closed form; laws come with what they can be compared by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from indmech_bench.scm.streams import Streams, row_key


class Geometry(Protocol):
    """A space of laws: what scoring and references need to know of it. Leading axes broadcast."""

    def power(self, law: Tensor) -> Tensor:
        """Contrast C: the mean power."""
        ...

    def divergence(self, law: Tensor, other: Tensor) -> Tensor:
        """Squared Bures-Wasserstein distance over the dimension."""
        ...

    def pairs(self, laws: Tensor, others: Tensor) -> Tensor:
        """The same between all pairs of two lists of laws, (R, G, ...) and (R, H, ...) -> (R, G, H)."""
        ...

    def white(self, law: Tensor) -> Tensor:
        """White noise of the same power."""
        ...

    def centre(self, laws: Tensor) -> Tensor:
        """The law with the least summed divergence to a list of laws, (R, G, ...) -> (R, ...)."""
        ...


@dataclass(frozen=True)
class Spectral:
    """Stationary Gaussian laws by their power spectra (..., n); spectra of several environments side by side."""

    def power(self, law: Tensor) -> Tensor:
        return law.mean(-1)

    def divergence(self, law: Tensor, other: Tensor) -> Tensor:
        return squared_bures_wasserstein(law, other)

    def pairs(self, laws: Tensor, others: Tensor) -> Tensor:
        return squared_bures_wasserstein_pairs(laws, others)

    def white(self, law: Tensor) -> Tensor:
        return law.mean(-1, keepdim=True).expand_as(law)

    def centre(self, laws: Tensor) -> Tensor:
        return laws.sqrt().mean(1).square()


@dataclass(frozen=True)
class Gaussian:
    """Gaussian laws by their covariances (..., d, d); with `environments`, (..., E, d, d)."""

    environments: bool = False

    def _mean(self, values: Tensor) -> Tensor:
        return values.mean(-1) if self.environments else values

    def power(self, law: Tensor) -> Tensor:
        return self._mean(trace(law))

    def divergence(self, law: Tensor, other: Tensor) -> Tensor:
        return self._mean(squared_bures_wasserstein_covariances(law, other))

    def pairs(self, laws: Tensor, others: Tensor) -> Tensor:
        return self.divergence(laws.unsqueeze(2), others.unsqueeze(1))

    def white(self, law: Tensor) -> Tensor:
        d = law.shape[-1]
        return trace(law)[..., None, None] * torch.eye(d, dtype=law.dtype)

    def centre(self, laws: Tensor, steps: int = 50) -> Tensor:
        """The fixed point of Alvarez-Esteban et al. (2016): S <- S^-1/2 (mean_g (S^1/2 T_g S^1/2)^1/2)^2 S^-1/2."""
        law = laws.mean(1)
        for _ in range(steps):
            root, inverse = matrix_root(law), matrix_root(law, inverse=True)
            middle = matrix_root(root.unsqueeze(1) @ laws @ root.unsqueeze(1)).mean(1)
            law = inverse @ middle @ middle @ inverse
        return law


@dataclass(frozen=True)
class Paired:
    """Laws by the outputs that they give to the same noise, as tables (..., *output) with so many axes: no two sets of
    draws are compared, but draw by draw. An output's divergence is the mean squared difference of its entries."""

    axes: int

    def power(self, law: Tensor) -> Tensor:
        return law.square().flatten(-self.axes).mean(-1)

    def divergence(self, law: Tensor, other: Tensor) -> Tensor:
        return self.power(law - other)

    def pairs(self, laws: Tensor, others: Tensor) -> Tensor:
        return self.divergence(laws.unsqueeze(2), others.unsqueeze(1))

    def white(self, law: Tensor) -> Tensor:
        """The same noise for every law, scaled to its power."""
        shape = law.shape[-self.axes :]
        noise = Streams((row_key("null", "", f"white noise of {tuple(shape)}", {}, 1, 0),)).randn("noise", *shape)[0]
        scale = (self.power(law) / self.power(noise)).sqrt()
        return scale[(..., *[None] * self.axes)] * noise

    def centre(self, laws: Tensor) -> Tensor:
        return laws.mean(1)


@dataclass(frozen=True)
class Factored:
    """Gaussian laws of images by mean and factor, (..., 1 + d, h, w): X = law_0 + sum_k z_k law_k, z standard normal.

    The same laws for any rotation of z. Divergences are squared 2-Wasserstein distances over the number of pixels:
    |m - m'|^2 + |W|^2 + |W'|^2 - 2 |W'W|_*, of factors W with d columns, |.|_* the sum of singular values.
    """

    def power(self, law: Tensor) -> Tensor:
        return law.square().sum((-3, -2, -1)) / law.shape[-2:].numel()

    def divergence(self, law: Tensor, other: Tensor) -> Tensor:
        law, other = torch.broadcast_tensors(law, other)
        means = (law[..., 0, :, :] - other[..., 0, :, :]).square().sum((-2, -1)) / law.shape[-2:].numel()
        factors = self.power(law[..., 1:, :, :]) + self.power(other[..., 1:, :, :])
        shared = _singular_values(_products(law, other)).sum(-1) / law.shape[-2:].numel()
        return means + (factors - 2 * shared).clamp_min(0)

    def pairs(self, laws: Tensor, others: Tensor) -> Tensor:
        return self.divergence(laws.unsqueeze(2), others.unsqueeze(1))

    def white(self, law: Tensor) -> Tensor:
        """The same noise for mean and factor of every law, scaled to its power."""
        return Paired(3).white(law)

    def centre(self, laws: Tensor, steps: int = 50) -> Tensor:
        """The nearest law with as many columns, by rotating the factors to it in turn (Procrustes), from the first."""
        law = laws[:, 0]
        for _ in range(steps):
            left, _, right = torch.linalg.svd(_products(laws, law.unsqueeze(1).expand_as(laws)))
            turned = (left @ right).mT @ laws[:, :, 1:].flatten(-2)
            law = torch.cat([laws[:, :, :1], turned.unflatten(-1, laws.shape[-2:])], 2).mean(1)
        return law


def _products(law: Tensor, other: Tensor) -> Tensor:
    """Inner products of the columns of two factors of one shape, (..., 1 + d, h, w) -> (..., d, d)."""
    one, two = (side[..., 1:, :, :].flatten(-2) for side in (law, other))
    product = torch.bmm(one.reshape(-1, *one.shape[-2:]), two.reshape(-1, *two.shape[-2:]).mT)
    return product.reshape(*one.shape[:-1], one.shape[-2])


def _singular_values(matrix: Tensor) -> Tensor:
    """Of each matrix; NaN where it is not finite, which LAPACK would raise on for the whole batch."""
    finite = matrix.isfinite().flatten(-2).all(-1)
    values = torch.linalg.svdvals(torch.where(finite[..., None, None], matrix, 0.0))
    return torch.where(finite.unsqueeze(-1), values, torch.nan)


SPECTRAL = Spectral()


def trace(matrix: Tensor) -> Tensor:
    """tau = trace / d, (..., d, d) -> (...)."""
    return matrix.diagonal(dim1=-2, dim2=-1).mean(-1)


def squared_bures_wasserstein(S: Tensor, T: Tensor) -> Tensor:
    """Squared Bures-Wasserstein distance over n between stationary Gaussian laws: <(sqrt S - sqrt T)^2>.

    S, T: power spectra (..., n), broadcast against each other. Returns (...). Circulant covariances commute, so the
    distance is the Euclidean one between the roots of their eigenvalues, which are the power spectra.
    """
    return (S.sqrt() - T.sqrt()).square().mean(-1)


def squared_bures_wasserstein_pairs(S: Tensor, T: Tensor) -> Tensor:
    """The same between all pairs of two lists of laws: S (R, G, n), T (R, H, n) -> (R, G, H)."""
    cross = torch.bmm(S.sqrt(), T.sqrt().mT) / S.shape[-1]
    return (S.mean(-1).unsqueeze(-1) + T.mean(-1).unsqueeze(-2) - 2 * cross).clamp_min(0)


def squared_bures_wasserstein_covariances(S: Tensor, T: Tensor) -> Tensor:
    """Squared Bures-Wasserstein distance over d between Gaussian laws with covariances (..., d, d) -> (...).

    tau(S) + tau(T) - 2 tau((S^1/2 T S^1/2)^1/2), tau = trace / d.
    """
    root = matrix_root(S)
    values = _eigh(root @ T @ root)[0].clamp_min(0).sqrt()
    return (trace(S) + trace(T) - 2 * values.mean(-1)).clamp_min(0)


def matrix_root(S: Tensor, inverse: bool = False) -> Tensor:
    """Symmetric square root of positive semi-definite matrices (..., d, d), or its inverse."""
    values, vectors = _eigh(S)
    roots = values.clamp_min(0).sqrt()
    return (vectors * (1 / roots if inverse else roots).unsqueeze(-2)) @ vectors.mT


def _eigh(S: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues and vectors; NaN where a matrix is not finite, which LAPACK would raise on for the whole batch."""
    finite = S.isfinite().all(-1, keepdim=True).all(-2, keepdim=True)
    values, vectors = torch.linalg.eigh(torch.where(finite, S, 0.0))
    return torch.where(finite[..., 0], values, torch.nan), vectors


def movement(P: Tensor, R: Tensor) -> Tensor:
    """Sum over s = 1 .. n-1 of D(P(v) R(v), P(v - s) R(v)): how far the interventions move a law. (..., n) -> (...).

    The term s = 0 is zero, so the sum over all shifts is the sum without it.
    """
    S = P * R
    return P.shape[-1] * (S.mean(-1) + P.mean(-1) * R.mean(-1) - 2 * P.sqrt().mean(-1) * (P.sqrt() * R).mean(-1))
