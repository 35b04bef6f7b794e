"""Kernels of hydrology: what falls on a catchment, and how it answers."""

from __future__ import annotations

import numpy as np

from indmech_bench.registry.registration import register_kernel
from indmech_bench.scm.factorisation import Array

STORMS = 60.0
"""Mean time between storms, h; each has 1 + Poisson(4) cells, 6 h after its origin on average, of 3 h on average."""


@register_kernel(
    "unit-hydrograph",
    units="taps of 1 h; discharge",
    source="Nash (1957), a cascade of linear reservoirs",
    pairs={"rainfall": "32x128"},
)
def unit_hydrograph(generator: np.random.Generator, taps: int) -> Array:
    """Gamma density of shape 2 to 4 and scale 2 to 6 h, in the middle of each hour."""
    shape, scale = generator.uniform(2, 4), generator.uniform(2, 6)
    t = np.arange(taps) + 0.5
    return np.asarray(t ** (shape - 1) * np.exp(-t / scale))


@register_kernel(
    "rainfall", units="taps of 1 h; intensity", source="Rodriguez-Iturbe, Cox and Isham (1987), Neyman-Scott pulses"
)
def rainfall(generator: np.random.Generator, taps: int) -> Array:
    """Rectangular cells of rain in storms, exponential in delay, duration and intensity; the window is not dry."""
    while True:
        rain = np.zeros(taps)
        for storm in np.cumsum(generator.exponential(STORMS, 40)):
            for _ in range(1 + generator.poisson(4)):
                begins = storm - STORMS + generator.exponential(6)
                ends = begins + generator.exponential(3)
                rain[max(int(begins), 0) : max(min(int(ends) + 1, taps), 0)] += generator.exponential(1)
        if rain.any():
            return rain
