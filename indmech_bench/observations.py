"""What a task shows of its truth, and the fit losses that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from indmech_bench.models.convolution import ConvolutionCascade, half_weights
from indmech_bench.parameters import Parameters

NORMAL_95 = 1.6448536269514722
"""95 % quantile of the standard normal."""


def chi2_quantile_95(degrees: int) -> float:
    """95 % quantile of chi-squared (Wilson-Hilferty; within 0.5 % from 4 degrees of freedom on)."""
    spread = 2 / (9 * degrees)
    return float(degrees * (1 - spread + NORMAL_95 * spread**0.5) ** 3)


@dataclass(frozen=True, eq=False)
class Impulse:
    """The composite kernel, phase included: loss <|prod_k K_k - C|^2> / <|C|^2>.

    `kernel` is (R, n), with mean power <|C|^2> = 1 after `normalised`. `noise_share` is the share of noise in the
    observed power, 0 where there is none.
    """

    model: ConvolutionCascade
    kernel: Tensor
    noise_share: float = 0.0

    def normalised(self, dtype: torch.dtype) -> tuple[Impulse, Tensor]:
        """The same observation with mean power 1 in the problem's dtype, and the divisors (R,) that made it so."""
        scale = self.kernel.square().sum(-1).sqrt()
        return Impulse(self.model, (self.kernel / scale[:, None]).to(dtype), self.noise_share), scale

    def residuals(self, parameters: Parameters) -> Tensor:
        """Real residuals (R, m) or (R, S, m), m = 2 (n // 2 + 1); the sum of their squares is the fit loss."""
        made = self.model.composite(parameters)
        target, weights = self._target
        if made.dim() == 3:
            target, weights = target.unsqueeze(1), weights.unsqueeze(1)
        return (torch.view_as_real(made - target) * weights.unsqueeze(-1)).flatten(-2)

    @cached_property
    def _target(self) -> tuple[Tensor, Tensor]:
        """The observed transfer function and the weights of its residuals, both (R, n // 2 + 1)."""
        power = self.kernel.square().sum(-1, keepdim=True)
        weights = half_weights(self.model.n, self.kernel.dtype, self.kernel.device)
        return torch.fft.rfft(self.kernel), (weights / power).sqrt()

    def loss(self, parameters: Parameters) -> Tensor:
        """Fit loss (R,) or (R, S)."""
        return self.residuals(parameters).square().sum(-1)

    def fits(self, losses: Tensor) -> Tensor:
        """Which of a replicate's starts fit the observation: losses (R, S) -> bool (R, S). NaN never fits.

        Without noise: loss at most max(1e-8, 10 times the best). With noise of known power, the likelihood-ratio
        test at 95 %: n (l - l_min) / noise_share is about chi-squared with p = sum L_k - 1 degrees of freedom.
        """
        finite = torch.where(losses.isnan(), torch.inf, losses)
        best = finite.min(-1, keepdim=True).values
        if self.noise_share:
            excess = self.model.n * (finite - best) / self.noise_share
            return excess <= chi2_quantile_95(sum(self.model.lengths) - 1)
        return (finite <= (10 * best).clamp_min(1e-8)) & finite.isfinite()
