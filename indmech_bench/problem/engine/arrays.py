"""Types of arrays, and how frequencies are padded."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[Any]
Real = type[np.floating[Any]]
LANES = 8
"""Frequencies and taps are padded to a multiple of it, with weight 0: loops over them have no rest, which is slow."""


def padded(count: int) -> int:
    """The next multiple of LANES."""
    return -(-count // LANES) * LANES


def padded_bins(n: int) -> int:
    """How many frequencies arrays have: those that are not negative, padded."""
    return padded(n // 2 + 1)
