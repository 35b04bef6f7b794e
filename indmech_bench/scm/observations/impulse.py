"""The composite kernel, phase included."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.models.environments import SharedConvolution
from indmech_bench.scm.models.kernels import half_weights
from indmech_bench.scm.observations.fitting import fits_exactly, fits_statistically, flat_from, over_starts
from indmech_bench.scm.parameters import Parameters


@dataclass(frozen=True, eq=False)
class Impulse:
    """The composite kernel: loss <|prod_k K_k - C|^2> / <|C|^2>, its mean over environments where there are any.

    `kernel` is (R, n) or (R, E, n), with mean power <|C|^2> = 1 after `normalised`. `noise_share` is the share of
    noise in the observed power, 0 where there is none.
    """

    kind: ClassVar[str] = "impulse"

    model: ConvolutionCascade | SharedConvolution
    kernel: Tensor
    noise_share: float = 0.0
    samples: int = 1

    @property
    def shown(self) -> Tensor:
        return self.kernel

    def normalised(self, dtype: torch.dtype) -> tuple[Impulse, Tensor]:
        scale = self.kernel.square().sum(-1).sqrt()
        return Impulse(self.model, (self.kernel / scale.unsqueeze(-1)).to(dtype), self.noise_share), scale

    @cached_property
    def _target(self) -> tuple[Tensor, Tensor]:
        """The observed transfer function and the weights of its residuals, both (R, [E,] n // 2 + 1)."""
        power = self.kernel.square().sum(-1, keepdim=True)
        weights = half_weights(self.model.n, self.kernel.dtype, self.kernel.device)
        environments = self.model.environments or 1
        return torch.fft.rfft(self.kernel), (weights / (power * environments)).sqrt()

    def residuals(self, parameters: Parameters) -> Tensor:
        """Real residuals (R, m) or (R, S, m), m = [E] 2 (n // 2 + 1); the sum of their squares is the fit loss."""
        fitted = self.model.composite(parameters)
        target, weights = (over_starts(value, fitted) for value in self._target)
        return flat_from(torch.view_as_real(fitted - target) * weights.unsqueeze(-1), self.kernel.dim())

    features = residuals

    def loss(self, parameters: Parameters, batch: Tensor | None = None) -> Tensor:
        return self.residuals(parameters).square().sum(-1)

    def fits(self, losses: Tensor) -> Tensor:
        """Without noise: loss at most max(1e-8, 10 times the best). With noise of known power, the likelihood-ratio
        test at 95 %: n (l - l_min) / noise_share is about chi-squared."""
        if not self.noise_share:
            return fits_exactly(losses)
        environments = self.model.environments or 1
        deviances = environments * self.model.n * losses / self.noise_share
        return fits_statistically(deviances, self.model.degrees_of_freedom(phase=True))
