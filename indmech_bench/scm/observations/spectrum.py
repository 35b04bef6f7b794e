"""The power spectrum of the output: the law, without the phase."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench.scm.models.kernels import KernelModel, half_weights
from indmech_bench.scm.observations.fitting import fits_exactly, flat_from, over_starts
from indmech_bench.scm.parameters import Parameters

TINY = 1e-300
"""Below this the root of a spectrum is flat: at an exact zero its derivative does not exist."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The power spectrum S on the non-negative frequencies, (R, [E,] n // 2 + 1).

    The loss is <(sqrt S_theta - sqrt S)^2> / <S>, its mean over environments where there are any.
    """

    kind: ClassVar[str] = "spectrum"

    model: KernelModel
    spectrum: Tensor
    samples: int = 1

    @property
    def shown(self) -> Tensor:
        return self.spectrum

    def normalised(self, dtype: torch.dtype) -> tuple[Spectrum, Tensor]:
        power = self.model.mean(self.spectrum)
        return Spectrum(self.model, (self.spectrum / power.unsqueeze(-1)).to(dtype)), power.sqrt()

    @cached_property
    def _target(self) -> tuple[Tensor, Tensor]:
        weights = half_weights(self.model.n, self.spectrum.dtype, self.spectrum.device)
        power = self.model.mean(self.spectrum).unsqueeze(-1) * (self.model.environments or 1)
        return self.spectrum.sqrt(), (weights / power).sqrt()

    def residuals(self, parameters: Parameters) -> Tensor:
        """Real residuals (R, m) or (R, S, m), m = [E] (n // 2 + 1); the sum of their squares is the fit loss."""
        fitted = self.model.half_spectrum(parameters)
        target, weights = (over_starts(value, fitted) for value in self._target)
        return flat_from((fitted.clamp_min(TINY).sqrt() - target) * weights, self.spectrum.dim() - 1)

    features = residuals

    def loss(self, parameters: Parameters, batch: Tensor | None = None) -> Tensor:
        return self.residuals(parameters).square().sum(-1)

    def fits(self, losses: Tensor) -> Tensor:
        return fits_exactly(losses)
