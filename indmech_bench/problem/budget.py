"""What a method has spent, in cost units a replicate, and its limit.

One unit is a forward pass of model, loss or rho for one replicate and one start; with gradient 3; a Jacobian with p
columns p.
"""

from __future__ import annotations

from collections import Counter

import torch
from torch import Tensor

from indmech_bench.errors import BudgetExceededError


class Meter:
    """Counts cost units for each of R replicates; `limit` is per replicate, None for no limit.

    steps: of training, by the way that they were taken.
    """

    def __init__(self, replicates: int, limit: float | None) -> None:
        self.limit = limit
        self.spent = torch.zeros(replicates, dtype=torch.float64)
        self.steps: Counter[str] = Counter()

    @property
    def remaining(self) -> Tensor:
        """(R,) units left, infinite without a limit."""
        if self.limit is None:
            return torch.full_like(self.spent, torch.inf)
        return (self.limit - self.spent).clamp_min(0)

    @property
    def exhausted(self) -> Tensor:
        """(R,) bool: replicates that have asked for more than the limit."""
        return self.spent > (torch.inf if self.limit is None else self.limit)

    def spend(self, units: float | Tensor) -> None:
        """Charge units, one number for all replicates or one each.

        A replicate over its limit is marked, whatever it computes afterwards. Raises BudgetExceededError once every
        replicate is over, so that none is stopped by what another one spends.
        """
        before = self.spent
        self.spent = before + torch.as_tensor(units, dtype=torch.float64, device="cpu")
        if bool(self.exhausted.all()):
            asked, left = float((self.spent - before).max()), float(((self.limit or 0) - before).max())
            raise BudgetExceededError(
                f"a step of {asked:,.0f} units was asked for when {max(left, 0):,.0f} of {self.limit:,.0f} were left"
            )
