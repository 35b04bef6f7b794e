"""Variational autoencoders: a decoder and an encoder, fitted by the evidence lower bound."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from indmech_bench.scm.generators.architecture import Architecture
from indmech_bench.scm.generators.seen import SeenImages
from indmech_bench.scm.parameters import Parameters

NOISE = 0.4
"""Power of the white noise that an autoencoder takes its images to have, over their variance about their mean image.

Of 0.2, 0.4 and 0.8 the one with which both networks of digits make samples nearest to the images that they have not
seen (`sample_distance`, seed 10000, 2,000 steps of Adam at rate 0.003).
"""
MOST_LOG_STD = 8.0


def noise_of(images: Tensor) -> Tensor:
    """The power of the noise that images (M, C, n, n) are taken to have, a number."""
    return NOISE * images.var(0, correction=0).mean()


def evidence_loss(
    architecture: Architecture, parameters: Parameters, images: Tensor, normals: Tensor, noise: Tensor
) -> Tensor:
    """|x - decoder(z)|^2 / n + 2 noise / n KL(q(z | x) | N(0, I)), the mean over images: -2 noise / n ELBO, less a
    constant.

    Of one replicate: images (M, C, n, n), z = mean + std normals, normals (M, d), n the pixels of an image. Source:
    Kingma and Welling (ICLR 2014).
    """
    mean, log_std = architecture.encoded(parameters, images)
    log_std = log_std.clamp(-MOST_LOG_STD, MOST_LOG_STD)
    decoded = architecture.decoded(parameters, mean + log_std.exp() * normals)
    divergence = (mean.square() + (2 * log_std).exp() - 1 - 2 * log_std).sum(-1).mean() / 2
    return (images - decoded).square().mean() + 2 * noise / images[0].numel() * divergence


@dataclass(frozen=True, eq=False)
class VariationalImages(SeenImages):
    """Images fitted by the evidence lower bound, one draw of each code."""

    def loss_of(self, r: int, parameters: Parameters, indices: Tensor) -> Tensor:
        seen, normals = self.images[r, indices], self.normals(r, indices)
        return evidence_loss(self.model.architecture, parameters, seen, normals, self._noises[r])

    @cached_property
    def _noises(self) -> list[Tensor]:
        return [noise_of(images) for images in self.images]
