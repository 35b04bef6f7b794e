"""Laws of images by mean and covariance of their blocks: what samples of two networks can be compared by."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from indmech_bench.scm.divergences import matrix_root, squared_bures_wasserstein_covariances, trace


def in_blocks(images: Tensor, block: int) -> Tensor:
    """Means of blocks of `block` x `block` pixels, colours averaged: (M, C, h, w) -> (M, h / block, w / block)."""
    return avg_pool2d(images.mean(1, keepdim=True), block)[:, 0]


def moments(pictures: Tensor) -> Tensor:
    """Mean and covariance of samples: (M, h, w) -> (1 + d, d), d = h w. Row 0 is the mean."""
    values = pictures.flatten(1)
    mean = values.mean(0)
    centred = values - mean
    return torch.cat([mean.unsqueeze(0), centred.mT @ centred / len(values)])


def moments_of(laws: Tensor) -> Tensor:
    """Moments (R, G, 1 + d, d) of laws that are tables of pictures (R, G, M, h, w)."""
    return torch.stack([torch.stack([moments(pictures) for pictures in row]) for row in laws])


@dataclass(frozen=True)
class GaussianImages:
    """Laws as tables (..., 1 + d, d): row 0 the mean, below it the covariance.

    Divergences are squared Fréchet distances over d, |m - m'|^2 / d + Bures-Wasserstein: those of Gaussians with these
    moments. Source: Dowson and Landau (1982).
    """

    def power(self, law: Tensor) -> Tensor:
        return law[..., 0, :].square().mean(-1) + trace(law[..., 1:, :])

    def divergence(self, law: Tensor, other: Tensor) -> Tensor:
        law, other = torch.broadcast_tensors(law, other)
        means = (law[..., 0, :] - other[..., 0, :]).square().mean(-1)
        return means + squared_bures_wasserstein_covariances(law[..., 1:, :], other[..., 1:, :])

    def pairs(self, laws: Tensor, others: Tensor) -> Tensor:
        return self.divergence(laws.unsqueeze(2), others.unsqueeze(1))

    def white(self, law: Tensor) -> Tensor:
        """No mean, and the power spread evenly."""
        d = law.shape[-1]
        eye = torch.cat([torch.zeros(1, d, dtype=law.dtype), torch.eye(d, dtype=law.dtype)])
        return self.power(law)[..., None, None] * eye

    def centre(self, laws: Tensor, steps: int = 50) -> Tensor:
        """The mean of the means, and S <- mean_g (S^1/2 T_g S^1/2)^1/2 from the mean of the covariances.

        A barycentre is a fixed point of this. Source: Agueh and Carlier (2011).
        """
        table = laws.mean(1)
        covariances, law = laws[:, :, 1:], table[:, 1:]
        for _ in range(steps):
            root = matrix_root(law).unsqueeze(1)
            law = matrix_root(root @ covariances @ root).mean(1)
        return torch.cat([table[:, :1], law], 1)
