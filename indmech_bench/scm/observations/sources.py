"""Samples of a mixture of independent sources whose law is known: the likelihood that ICA maximises."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench.errors import UnsupportedError
from indmech_bench.scm.models.linear_environments import LinearEnvironments
from indmech_bench.scm.observations.fitting import fits_statistically, over_starts
from indmech_bench.scm.parameters import Parameters


@dataclass(frozen=True)
class Density:
    """A symmetric density of variance 1 on the line.

    surprise: s -> -log p(s). entropy: its mean. quantile: of u in (0, 1). kurtosis: the excess.
    """

    surprise: Callable[[Tensor], Tensor]
    entropy: float
    quantile: Callable[[Tensor], Tensor]
    kurtosis: float


def _hyperbolic_secant_surprise(s: Tensor) -> Tensor:
    """log(2 cosh(pi s / 2)), without overflow."""
    size = (math.pi / 2) * s.abs()
    return size + torch.log1p(torch.exp(-2 * size))


DENSITIES = {
    "hyperbolic-secant": Density(
        _hyperbolic_secant_surprise,
        2 * math.log(2),
        lambda u: torch.log(torch.tan(math.pi / 2 * u)) * (2 / math.pi),
        2.0,
    ),
    "laplace": Density(
        lambda s: math.sqrt(2) * s.abs() + math.log(2) / 2,
        1 + math.log(2) / 2,
        lambda u: -(u - 0.5).sign() * torch.log1p(-2 * (u - 0.5).abs()) / math.sqrt(2),
        3.0,
    ),
    "gaussian": Density(
        lambda s: s.square() / 2 + math.log(2 * math.pi) / 2,
        (1 + math.log(2 * math.pi)) / 2,
        torch.special.ndtri,
        0.0,
    ),
}
"""Laws of sources by their names."""


@dataclass(frozen=True, eq=False)
class SourceSamples:
    """N samples x = B D s (R, N, d), the s iid of a known density p: minus the log likelihood, a coordinate.

    The loss is <-log p(s)> - h + (log|det B D| - log det(S) / 2) / d with s = (B D)^-1 x, S = <x x'> of all samples and
    h the entropy of p: 0 at the truth but for sampling, and for Gaussian sources Stein's loss / 2. 2 N d times the loss
    is the deviance.
    """

    kind: ClassVar[str] = "samples"

    model: LinearEnvironments
    data: Tensor
    density: Density

    @property
    def samples(self) -> int:
        return self.data.shape[1]

    @property
    def shown(self) -> Tensor:
        return self.data

    def normalised(self, dtype: torch.dtype) -> tuple[SourceSamples, Tensor]:
        size = self.data.square().mean((-2, -1)).sqrt()
        return replace(self, data=(self.data / size[:, None, None]).to(dtype)), size.unsqueeze(-1)

    @cached_property
    def _volume(self) -> Tensor:
        """log det(S) / 2 of the second moment of all samples, (R,)."""
        factor = torch.linalg.cholesky_ex(self.data.mT @ self.data / self.samples)[0]
        return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def loss(self, parameters: Parameters, batch: Tensor | None = None) -> Tensor:
        """(R,) or (R, S); `batch` (R, m) chooses samples."""
        data = self.data
        if batch is not None:
            data = data[torch.arange(len(batch)).unsqueeze(-1), batch]
        mixing = parameters["B"] * parameters["a1"].unsqueeze(-2)
        factor, pivots, _ = torch.linalg.lu_factor_ex(mixing)
        rows = over_starts(data, mixing).expand(*mixing.shape[:-2], *data.shape[-2:])
        sources = torch.linalg.lu_solve(factor, pivots, rows.mT.contiguous())
        surprise = self.density.surprise(sources).mean((-2, -1)) - self.density.entropy
        volume = factor.diagonal(dim1=-2, dim2=-1).abs().log().sum(-1)
        return surprise + (volume - over_starts(self._volume, volume)) / self.model.d

    def residuals(self, parameters: Parameters) -> Tensor:
        raise UnsupportedError("samples of a linear model have no residuals to polish")

    features = residuals

    def fits(self, losses: Tensor) -> Tensor:
        return fits_statistically(2 * self.samples * self.model.d * losses, self.model.degrees_of_freedom(phase=False))


def draw_source_samples(
    model: LinearEnvironments, parameters: Parameters, normals: Tensor, density: Density
) -> SourceSamples:
    """Samples B D s of one environment, mean power of the law 1, from standard normal numbers (R, N, d)."""
    uniform = torch.special.ndtr(normals)
    mixing = parameters["B"] * parameters["a1"].unsqueeze(-2)
    return SourceSamples(model, density.quantile(uniform) @ mixing.mT, density)
