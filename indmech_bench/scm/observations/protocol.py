"""What a task shows of its truth: the contract of impulse, spectrum, samples and covariance."""

from __future__ import annotations

from typing import ClassVar, Protocol

import torch
from torch import Tensor

from indmech_bench.scm.models.protocol import Model
from indmech_bench.scm.parameters import Parameters


class Observation(Protocol):
    """R observations with the losses of a model that is to explain them."""

    kind: ClassVar[str]
    """`impulse`, `spectrum`, `samples`, `covariance`, or a word of a task's own."""

    @property
    def model(self) -> Model:
        """The learner's model."""
        ...

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
