"""Images of parts: every face is seen part by part."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench.errors import UnsupportedError
from indmech_bench.scm.images.convolving import target_of
from indmech_bench.scm.images.faces import FacesModel
from indmech_bench.scm.observations.fitting import fits_exactly, over_starts
from indmech_bench.scm.parameters import Parameters


@dataclass(frozen=True, eq=False)
class PartImages:
    """Images (R, F, P, n, n) of the parts of F faces: loss |X_theta - X|^2 / |X|^2."""

    kind: ClassVar[str] = "parts"
    samples: ClassVar[int] = 1

    model: FacesModel
    images: Tensor

    @property
    def shown(self) -> Tensor:
        return self.images

    def normalised(self, dtype: torch.dtype) -> tuple[PartImages, Tensor]:
        scale = self.model.geometry.power(self.images).sqrt()
        return PartImages(self.model, (self.images / scale[:, None, None, None, None]).to(dtype)), scale

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

    def residuals(self, parameters: Parameters) -> Tensor:
        raise UnsupportedError("images have too many pixels for least squares on their residuals")

    features = residuals

    def fits(self, losses: Tensor) -> Tensor:
        return fits_exactly(losses)
