"""What fit losses share: which starts fit, and the shapes of observations beside starts."""

from __future__ import annotations

import torch
from torch import Tensor

NORMAL_95 = 1.6448536269514722
"""95 % quantile of the standard normal."""
SAMPLES = 256
"""How many samples a task shows."""
FLOOR = 1e-3
"""Power of white noise in every sample, relative to the signal's, unless a task says otherwise: spectra have zeros."""
FITTED = 1e-8
"""A start fits a noise-free observation when its loss is at most this, or ten times the best."""


def chi2_quantile_95(degrees_of_freedom: int) -> float:
    """95 % quantile of chi-squared (Wilson-Hilferty; within 0.6 % from 3 degrees of freedom on)."""
    spread = 2 / (9 * degrees_of_freedom)
    return float(degrees_of_freedom * (1 - spread + NORMAL_95 * spread**0.5) ** 3)


def fits_exactly(losses: Tensor) -> Tensor:
    """Loss at most max(FITTED, 10 times the best): losses (R, S) -> bool (R, S)."""
    finite = torch.where(losses.isnan(), torch.inf, losses)
    return (finite <= (10 * finite.min(-1, keepdim=True).values).clamp_min(FITTED)) & finite.isfinite()


def fits_statistically(deviances: Tensor, degrees_of_freedom: int) -> Tensor:
    """Likelihood-ratio test at 95 % against the best start: deviances (R, S) -> bool (R, S)."""
    finite = torch.where(deviances.isnan(), torch.inf, deviances)
    return (finite - finite.min(-1, keepdim=True).values) <= chi2_quantile_95(degrees_of_freedom)


def over_starts(value: Tensor, fitted: Tensor) -> Tensor:
    """An observation (R, ...) shaped to stand beside what was made of parameters, (R, ...) or (R, S, ...)."""
    return value.unsqueeze(1) if fitted.dim() > value.dim() else value


def flat_from(value: Tensor, axes: int) -> Tensor:
    """The last `axes` axes as one."""
    return value.flatten(-axes) if axes > 1 else value
