"""What a task shows of its truth, and the fit losses that follow from it: impulse, spectrum, samples, covariance."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from indmech_bench.parameters import Parameters

NORMAL_95 = 1.6448536269514722
"""95 % quantile of the standard normal."""
SAMPLES = 256
"""How many samples a task shows."""
FLOOR = 1e-3
"""Power of white noise in every sample, relative to the signal's: spectra of FIR kernels have zeros."""
FITTED = 1e-8
"""A start fits a noise-free observation when its loss is at most this, or ten times the best."""


class Observation(Protocol):
    """R observations with the losses of a model that is to explain them."""

    kind: ClassVar[str]
    """`impulse`, `spectrum`, `samples`, `covariance`, or a word of a task's own."""

    @property
    def model(self) -> Any: ...

    @property
    def shown(self) -> Tensor:
        """What a method is shown, replicates first."""
        ...

    @property
    def samples(self) -> int:
        """How many samples the loss is a mean over; 1 where the law itself is shown."""
        ...

    def normalised(self, dtype: torch.dtype) -> tuple[Observation, Tensor]:
        """The same with mean power 1 in this dtype, and the divisors (R,) or (R, E) that made it so."""
        ...

    def loss(self, parameters: Parameters, batch: Tensor | None = None) -> Tensor:
        """Fit loss (R,) or (R, S); `batch` (R, m) chooses samples."""
        ...

    def residuals(self, parameters: Parameters) -> Tensor:
        """r (R, m) or (R, S, m): with J the Jacobian of `features`, J'r is along the gradient of the loss."""
        ...

    def features(self, parameters: Parameters) -> Tensor:
        """What J'J, the Gauss-Newton or Fisher matrix of the loss, comes from."""
        ...

    def fits(self, losses: Tensor) -> Tensor:
        """Which of a replicate's starts fit, given all their losses (R, S); NaN never fits."""
        ...


def chi2_quantile_95(degrees: int) -> float:
    """95 % quantile of chi-squared (Wilson-Hilferty; within 0.6 % from 3 degrees of freedom on)."""
    spread = 2 / (9 * degrees)
    return float(degrees * (1 - spread + NORMAL_95 * spread**0.5) ** 3)


def fits_exactly(losses: Tensor) -> Tensor:
    """Loss at most max(FITTED, 10 times the best): losses (R, S) -> bool (R, S)."""
    finite = torch.where(losses.isnan(), torch.inf, losses)
    return (finite <= (10 * finite.min(-1, keepdim=True).values).clamp_min(FITTED)) & finite.isfinite()


def fits_statistically(deviances: Tensor, degrees: int) -> Tensor:
    """Likelihood-ratio test at 95 % against the best start: deviances (R, S) -> bool (R, S)."""
    finite = torch.where(deviances.isnan(), torch.inf, deviances)
    return (finite - finite.min(-1, keepdim=True).values) <= chi2_quantile_95(degrees)


def over_starts(value: Tensor, made: Tensor) -> Tensor:
    """An observation (R, ...) shaped to stand beside what was made of parameters, (R, ...) or (R, S, ...)."""
    return value.unsqueeze(1) if made.dim() > value.dim() else value


def flat_from(value: Tensor, axes: int) -> Tensor:
    """The last `axes` axes as one."""
    return value.flatten(-axes) if axes > 1 else value
