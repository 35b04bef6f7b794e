"""Draws from the law, by their periodograms: a stationary Gaussian's phases say nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench.scm.models.kernels import KernelModel, mirrored
from indmech_bench.scm.observations.fitting import FLOOR, fits_statistically, flat_from, over_starts
from indmech_bench.scm.parameters import Parameters


@dataclass(frozen=True, eq=False)
class Samples:
    """Periodograms of N samples, (R, [E,] N, n): Whittle loss <I / S - log(I / S) - 1>, I their mean over the batch.

    S is the model's spectrum plus a floor (R, [E]) of known power, which the samples have too. 2 N n times the loss
    is the deviance.
    """

    kind: ClassVar[str] = "samples"

    model: KernelModel
    periodograms: Tensor
    floor: Tensor

    @property
    def samples(self) -> int:
        return self.periodograms.shape[-2]

    @property
    def shown(self) -> Tensor:
        return self.periodograms

    def normalised(self, dtype: torch.dtype) -> tuple[Samples, Tensor]:
        power = self.periodograms.mean((-2, -1))
        scaled = (self.periodograms / power[..., None, None]).to(dtype)
        return replace(self, periodograms=scaled, floor=(self.floor / power).to(dtype)), power.sqrt()

    def _mean(self, batch: Tensor | None) -> Tensor:
        """Mean periodogram of the samples in the batch, (R, [E,] n)."""
        if batch is None:
            return self.periodograms.mean(-2)
        rows = torch.arange(len(batch)).unsqueeze(-1)
        chosen = self.periodograms.movedim(-2, 1)[rows, batch]
        return chosen.mean(1)

    def _spectrum(self, parameters: Parameters) -> Tensor:
        """S on all n bins, the floor included: (R, [S,] [E,] n)."""
        spectrum = mirrored(self.model.half_spectrum(parameters), self.model.n)
        return spectrum + over_starts(self.floor.unsqueeze(-1), spectrum)

    def loss(self, parameters: Parameters, batch: Tensor | None = None, factors: Tensor | None = None) -> Tensor:
        """Fit loss (R,) or (R, S); `batch` (R, m) chooses samples, `factors` (R, [E,] bins) multiply their mean."""
        spectrum = self._spectrum(parameters)
        mean = self._mean(batch)
        if factors is not None:
            mean = mean * mirrored(factors, self.model.n)
        ratio = over_starts(mean, spectrum) / spectrum
        return flat_from(ratio - ratio.log() - 1, self.floor.dim()).mean(-1)

    def residuals(self, parameters: Parameters) -> Tensor:
        """1 - I / S: with J the Jacobian of log S, J'r is the gradient of the loss and J'J its Fisher matrix."""
        spectrum = self._spectrum(parameters)
        residual = 1 - over_starts(self._mean(None), spectrum) / spectrum
        return self._scaled(residual)

    def features(self, parameters: Parameters) -> Tensor:
        return self._scaled(self._spectrum(parameters).log())

    def _scaled(self, values: Tensor) -> Tensor:
        flat = flat_from(values, self.floor.dim())
        return flat / flat.shape[-1] ** 0.5

    def fits(self, losses: Tensor) -> Tensor:
        environments = self.model.environments or 1
        deviances = 2 * self.samples * self.model.n * environments * losses
        return fits_statistically(deviances, self.model.degrees_of_freedom(phase=False))


def draw_samples(model: KernelModel, half_spectrum: Tensor, normals: Tensor, floor: float = FLOOR) -> Samples:
    """Periodograms of samples of a law (R, [E,] n // 2 + 1) of mean power 1, from normals (R, [E,] N, n, 2).

    floor: power of the known white noise in every sample.
    """
    spectrum = mirrored(half_spectrum, model.n) + floor
    exponential = normals.square().sum(-1) / 2
    known = torch.full(half_spectrum.shape[:-1], floor, dtype=half_spectrum.dtype)
    return Samples(model, spectrum.unsqueeze(-2) * exponential, known)
