"""Images without noise: what those of parts and those in colour share, and those of parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Self

import torch
from torch import Tensor

from indmech_bench.errors import UnsupportedError
from indmech_bench.scm.images.convolving import target_of
from indmech_bench.scm.images.faces import FacesModel
from indmech_bench.scm.models.protocol import Model
from indmech_bench.scm.observations.fitting import fits_exactly, over_starts
from indmech_bench.scm.parameters import Parameters


@dataclass(frozen=True, eq=False)
class Images:
    """Images (R, F, C, n, n) of F faces, exactly as their mechanisms make them."""

    samples: ClassVar[int] = 1

    model: Model
    images: Tensor

    @property
    def shown(self) -> Tensor:
        return self.images

    def normalised(self, dtype: torch.dtype) -> tuple[Self, Tensor]:
        """The same with mean power 1 in this dtype, and the divisors (R,) that made it so."""
        scale = self.model.geometry.power(self.images).sqrt()
        return replace(self, images=(self.images / scale[:, None, None, None, None]).to(dtype)), scale

    def residuals(self, parameters: Parameters) -> Tensor:
        raise UnsupportedError("images have too many pixels for least squares on their residuals")

    features = residuals

    def fits(self, losses: Tensor) -> Tensor:
        return fits_exactly(losses)


@dataclass(frozen=True, eq=False)
class PartImages(Images):
    """Images (R, F, P, n, n) of the P parts of every face, seen one by one: loss |X_theta - X|^2 / |X|^2."""

    kind: ClassVar[str] = "parts"

    model: FacesModel

    @cached_property
    def _target(self) -> tuple[Tensor, Tensor]:
        """The spectrum of what layouts and shapes are to give, and its energy (R,), in units of the gain."""
        images = self.images / self.model.gain
        return target_of(images, self.model.size, self.model.size), images.square().flatten(1).sum(-1)

    def loss(self, parameters: Parameters, batch: Tensor | None = None) -> Tensor:
        target, energy = self._target
        if parameters["layout"].dim() > self.images.dim():
            target = target.unsqueeze(1)
        difference = self.model.distance(parameters, target).sum(-1)
        return difference / over_starts(energy, difference)
