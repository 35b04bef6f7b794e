"""Covariances of the output, and samples of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench.errors import UnsupportedError
from indmech_bench.scm.divergences import trace
from indmech_bench.scm.models.linear import LinearCascade
from indmech_bench.scm.models.linear_environments import LinearEnvironments
from indmech_bench.scm.observations.fitting import FLOOR, fits_exactly, fits_statistically, flat_from, over_starts
from indmech_bench.scm.parameters import Parameters, Shapes


@dataclass(frozen=True, eq=False)
class Covariance:
    """The covariance (R, [E,] d, d): loss |Sigma_theta - Sigma|^2 / |Sigma|^2, its mean over environments."""

    kind: ClassVar[str] = "covariance"

    model: LinearCascade | LinearEnvironments
    covariance: Tensor
    samples: int = 1

    @property
    def shown(self) -> Tensor:
        return self.covariance

    def normalised(self, dtype: torch.dtype) -> tuple[Covariance, Tensor]:
        power = trace(self.covariance)
        return Covariance(self.model, (self.covariance / power[..., None, None]).to(dtype)), power.sqrt()

    @cached_property
    def _size(self) -> Tensor:
        """What the entries are divided by, (R, [E,] 1, 1)."""
        return (self.covariance.square().sum((-2, -1), keepdim=True) * (self.model.environments or 1)).sqrt()

    def residuals(self, parameters: Parameters) -> Tensor:
        """Entries of the difference, (R, m) or (R, S, m), m = [E] d^2; the sum of their squares is the fit loss."""
        fitted = self.model.covariance(parameters)
        difference = (fitted - over_starts(self.covariance, fitted)) / over_starts(self._size, fitted)
        return flat_from(difference, self.covariance.dim() - 1)

    def jacobian(self, parameters: Parameters, shapes: Shapes) -> Tensor:
        """J (R, m, p) or (R, S, m, p) of the residuals by the parameters of these shapes, side by side: closed form."""
        derivatives = self.model.covariance_jacobian(parameters)
        axes = self.covariance.dim() - 1
        flat = [derivatives[name].flatten(-len(shape)) for name, shape in shapes.items()]
        joined = torch.cat(flat, -1)
        size = self._size.unsqueeze(-1)
        scaled = joined / (size.unsqueeze(1) if joined.dim() > size.dim() else size)
        return scaled.flatten(-axes - 1, -2)

    features = residuals

    def loss(self, parameters: Parameters, batch: Tensor | None = None) -> Tensor:
        return self.residuals(parameters).square().sum(-1)

    def fits(self, losses: Tensor) -> Tensor:
        return fits_exactly(losses)


@dataclass(frozen=True, eq=False)
class GaussianSamples:
    """N samples (R, N, d): loss (tr(Sigma_theta^-1 S) - log det(Sigma_theta^-1 S) - d) / d, Stein's, S = mean x x'.

    Model and samples have a floor of white noise (R,) of known power. N d times the loss is the deviance. With a
    batch S is the batch's, in the determinant that of all samples.
    """

    kind: ClassVar[str] = "samples"

    model: LinearCascade
    data: Tensor
    floor: Tensor

    @property
    def samples(self) -> int:
        return self.data.shape[1]

    @property
    def shown(self) -> Tensor:
        return self.data

    def normalised(self, dtype: torch.dtype) -> tuple[GaussianSamples, Tensor]:
        power = self.data.square().mean((-2, -1))
        scaled = (self.data / power.sqrt()[:, None, None]).to(dtype)
        return replace(self, data=scaled, floor=(self.floor / power).to(dtype)), power.sqrt()

    @cached_property
    def _second_moment(self) -> tuple[Tensor, Tensor]:
        """S (R, d, d) of all samples and its log determinant (R,)."""
        moment = self.data.mT @ self.data / self.samples
        return moment, _log_determinant(torch.linalg.cholesky_ex(moment)[0])

    def loss(self, parameters: Parameters, batch: Tensor | None = None) -> Tensor:
        moment, determinant = self._second_moment
        if batch is not None:
            chosen = self.data[torch.arange(len(batch)).unsqueeze(-1), batch]
            moment = chosen.mT @ chosen / batch.shape[-1]
        fitted = self.model.covariance(parameters)
        eye = torch.eye(fitted.shape[-1], dtype=fitted.dtype)
        fitted = fitted + over_starts(self.floor[:, None, None], fitted) * eye
        factor = torch.linalg.cholesky_ex(fitted)[0]
        right = over_starts(moment, fitted).expand_as(fitted).contiguous()
        ratio = trace(torch.cholesky_solve(right, factor))
        difference = _log_determinant(factor) - over_starts(determinant, ratio)
        return ratio + difference / fitted.shape[-1] - 1

    def residuals(self, parameters: Parameters) -> Tensor:
        raise UnsupportedError("samples of a linear model have no residuals to polish")

    features = residuals

    def fits(self, losses: Tensor) -> Tensor:
        return fits_statistically(self.samples * self.model.d * losses, self.model.degrees_of_freedom(phase=False))


def _log_determinant(factor: Tensor) -> Tensor:
    """Of a matrix from its Cholesky factor (..., d, d): (...)."""
    return 2 * factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def draw_gaussian_samples(model: LinearCascade, parameters: Parameters, normals: Tensor) -> GaussianSamples:
    """Samples B A u with a floor, from normals (R, N, 2 d); mean power of the law 1."""
    u, noise = normals.split(model.d, -1)
    whole = parameters["B"] @ parameters["A"]
    floor = torch.full((len(whole),), FLOOR, dtype=torch.float64)
    return GaussianSamples(model, u @ whole.mT + FLOOR**0.5 * noise, floor)
