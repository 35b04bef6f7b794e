"""Kernels of radar: the pulse; its targets are the sparse layout of seismology under another name."""

from __future__ import annotations

import numpy as np

from indmech_bench.registry.registration import register_kernel
from indmech_bench.scm.factorisation import Array


@register_kernel(
    "chirp",
    units="range bins; field at the intermediate frequency",
    source="Klauder et al. (1960); Richards (2005), linear frequency modulation",
    pairs={"radar-targets": "32x64"},
)
def chirp(generator: np.random.Generator, taps: int) -> Array:
    """Linear sweep from 0.05 - 0.15 cycles a bin over a band of 0.1 - 0.3, under a Hann window."""
    t = np.arange(taps)
    start, band = generator.uniform(0.05, 0.15), generator.uniform(0.1, 0.3)
    return np.asarray(np.cos(2 * np.pi * (start * t + band / taps * t**2 / 2)) * np.hanning(taps + 2)[1:-1])
