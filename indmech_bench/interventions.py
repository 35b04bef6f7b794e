"""Maps on one mechanism: the families that tasks are scored on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Modulation:
    """Multiply the kernel of mechanism k by exp(2 pi i s t / n): its power spectrum moves by s bins (THEORY 3.1)."""

    shift: int

    def act(self, spectrum: Tensor) -> Tensor:
        """Power spectrum (..., n) of the intervened mechanism -> P_k(v - s), same shape."""
        return torch.roll(spectrum, self.shift, -1)


IDENTITY = Modulation(0)


def modulations(n: int) -> list[Modulation]:
    """The whole group Z_n, the identity first."""
    return [Modulation(shift) for shift in range(n)]
