"""Layouts of events, which kernels of several fields are: scattered at random, or a least distance apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indmech_bench.scm.factorisation import Array

SHARE = 0.2
"""Share of the taps at which something happens."""
APART = 9
"""Least distance of events that are kept apart: the length of the kernels that they are paired with."""
EXCESS = 2.0
"""Mean distance beyond it."""


def scattered(generator: np.random.Generator, taps: int, sizes: Callable[[int], Array]) -> Array:
    """Events of `sizes(count)` at one tap in five, and at the first and the last: layouts that fill their window."""
    layout = np.where(generator.random(taps) < SHARE, sizes(taps), 0.0)
    layout[[0, -1]] = sizes(2)
    return layout


def apart(generator: np.random.Generator, taps: int, size: Callable[[], float]) -> Array:
    """Events of `size()` at least APART taps apart, at the first tap and at the last: their copies of a kernel of as
    many taps do not overlap, which makes rho = 1 by geometry."""
    layout, t = np.zeros(taps), 0
    while t < taps:
        layout[t] = size()
        t += APART + int(generator.exponential(EXCESS))
    layout[max(taps - APART, 1) :] = 0
    layout[-1] = size()
    return layout
