"""Choosing among values of which some are equal: rounding never decides."""

from __future__ import annotations

import torch
from torch import Tensor

TIE = 1e-9
"""Values within this of the least, relative to the larger of 1 and their size, are equal to it."""
LARGE = 1e30
"""Infinite values have no size to be relative to."""


def is_less(values: Tensor, others: Tensor) -> Tensor:
    """Whether values are less than others, by more than a tie: a walk stays where it is at a tie."""
    return values < others - TIE * others.abs().clamp(1, LARGE)


def least(values: Tensor, eligible: Tensor, random: Tensor) -> Tensor:
    """Index (R,) of the least eligible value (R, S), of equals the one with the largest random number; 0 where none is.

    Args:
        values: (R, S); NaN is never chosen.
        eligible: (R, S) bool.
        random: (R, S), the numbers that decide between values equal to TIE.
    """
    counted = torch.where(eligible & ~values.isnan(), values, torch.inf)
    lowest = counted.min(-1, keepdim=True).values
    equal = counted <= lowest + TIE * lowest.abs().clamp(1, LARGE)
    # where all are infinite, eligible ones that are come before those that are not eligible
    among = equal & eligible & ~values.isnan()
    chosen = torch.where(among, random, -torch.inf).argmax(-1)
    return torch.where(among.any(-1), chosen, 0)
