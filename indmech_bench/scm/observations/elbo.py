"""Images alone: samples of a law with noise, fitted by the evidence lower bound of a decoder and an encoder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench.errors import UnsupportedError
from indmech_bench.scm.images.latent import LatentFaces
from indmech_bench.scm.observations.fitting import fits_statistically, over_starts
from indmech_bench.scm.parameters import Parameters


@dataclass(frozen=True, eq=False)
class Encoded:
    """Images (R, N, n^2) with white noise of known power (R,): loss -2 noise / n^2 ELBO, less a constant.

    That is E_q |x - decoder(z)|^2 / n^2 + 2 noise / n^2 KL(q(z | x) | N(0, I)), the mean over images, about 1 for
    silence. A decoder that is linear in z has both terms in closed form, so no code is drawn.
    Source: Kingma and Welling (ICLR 2014); of linear decoders Lucas, Tucker, Grosse, Norouzi (NeurIPS 2019).
    """

    kind: ClassVar[str] = "samples"

    model: LatentFaces
    images: Tensor
    noise: Tensor

    @property
    def samples(self) -> int:
        return self.images.shape[1]

    @property
    def shown(self) -> Tensor:
        return self.images

    def normalised(self, dtype: torch.dtype) -> tuple[Encoded, Tensor]:
        power = self.images.square().mean((-2, -1))
        scaled = (self.images / power.sqrt()[:, None, None]).to(dtype)
        return replace(self, images=scaled, noise=(self.noise / power).to(dtype)), power.sqrt()

    def loss(self, parameters: Parameters, batch: Tensor | None = None) -> Tensor:
        images, middle = self.images, self.images.mean(1, keepdim=True)
        if batch is not None:
            images = images[torch.arange(len(batch), device=batch.device).unsqueeze(-1), batch]
        if (code_axes := parameters["encoder.log_std"]).dim() > 2:  # starts
            images = images.unsqueeze(1).expand(-1, code_axes.shape[1], -1, -1)
            middle = middle.unsqueeze(1)
        tables = self.model.tables(parameters).flatten(-2)
        mean, factor = tables[..., :1, :], tables[..., 1:, :]
        code, spread = self.model.encoded(parameters, images - middle)
        decoded = torch.bmm(code.flatten(0, -3), factor.flatten(0, -3)).reshape(images.shape)
        wrong = (images - mean - decoded).square().mean((-2, -1))
        around = (spread.square() * factor.square().mean(-1)).sum(-1)
        divergence = (code.square().mean(-2) + spread.square() - 1 - 2 * spread.log()).sum(-1) / 2
        return wrong + around + 2 * over_starts(self.noise, divergence) / images.shape[-1] * divergence

    def residuals(self, parameters: Parameters) -> Tensor:
        raise UnsupportedError("the evidence lower bound is no sum of squares of residuals")

    features = residuals

    def fits(self, losses: Tensor) -> Tensor:
        deviances = self.images.shape[1] * self.images.shape[2] * losses / self.noise.unsqueeze(-1)
        return fits_statistically(deviances, self.model.degrees_of_freedom(phase=True))
