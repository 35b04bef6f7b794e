"""Kernels of seismology: wavelets and sources, and the layers and paths that they travel through."""

from __future__ import annotations

import numpy as np

from indmech_bench.registry.registration import register_kernel
from indmech_bench.scm.factorisation import Array
from indmech_bench.tasks.physics.kernels.layouts import apart, scattered

CYCLES = 1.6, 2.24
"""Peak frequency times the wavelet's length: 25 to 35 Hz in 9 taps of 8 ms."""
CONTRAST = 0.15
"""Standard deviation of a layer's log impedance."""
LAYER = 3.0
"""Mean thickness of a layer, in taps beyond the first."""


@register_kernel(
    "ricker",
    units="9 taps of 8 ms: peaks of 25 to 35 Hz; pressure",
    source="Ricker (1953)",
    pairs={"sparse-reflectivity": "9x64", "blocky-reflectivity": "9x64", "thick-reflectivity": "9x64"},
)
def ricker(generator: np.random.Generator, taps: int) -> Array:
    """Ricker wavelet (1 - 2 a) exp(-a), a = (pi f t)^2, in the middle of its window, cut at the ends."""
    frequency = generator.uniform(*CYCLES) / (taps - 1)
    a = (np.pi * frequency * (np.arange(taps) - (taps - 1) / 2)) ** 2
    return np.asarray((1 - 2 * a) * np.exp(-a))


@register_kernel(
    "sparse-reflectivity",
    units="taps of 8 ms; reflection coefficient",
    source="Kormylo and Mendel (1982), Bernoulli times; Walden and Hosken (1986), tails",
)
@register_kernel(
    "green-function",
    units="taps of the source's sampling; arrivals of one station",
    source="Lay and Wallace (1995), convolutional model of seismograms",
)
@register_kernel("radar-targets", units="range bins; reflectivity", source="Richards (2005), point scatterers")
def sparse(generator: np.random.Generator, taps: int) -> Array:
    """Bernoulli-Laplace: one tap in five is not 0; the first and the last are not, so that the window fits."""
    return scattered(generator, taps, lambda size: generator.laplace(size=size))


@register_kernel(
    "blocky-reflectivity",
    units="taps of 8 ms; reflection coefficient at normal incidence",
    source="Aki and Richards (1980), (z' - z) / (z' + z); impedances after Walden and Hosken (1985)",
)
def blocky(generator: np.random.Generator, taps: int) -> Array:
    """Layers 1 + Poisson(3) taps thick with log impedance N(0, 0.15^2): reflections of alternating signs at their tops.

    The window begins and ends with a reflection.
    """
    while True:
        log_impedance = CONTRAST * generator.standard_normal(taps)
        impedance = np.exp(np.repeat(log_impedance, 1 + generator.poisson(LAYER, taps)))
        reflected = (impedance[1:] - impedance[:-1]) / (impedance[1:] + impedance[:-1])
        tops = np.flatnonzero(reflected)
        fitting = tops[np.isin(tops + taps - 1, tops)]
        if len(fitting):
            return np.asarray(reflected[fitting[0] : fitting[0] + taps])


@register_kernel(
    "source-pulse",
    units="taps of the station's sampling; moment rate",
    source="Aki and Richards (1980), source time functions; subevents as in Kikuchi and Kanamori (1982)",
    pairs={"green-function": "9x64"},
)
def source_pulse(generator: np.random.Generator, taps: int) -> Array:
    """One to three Gaussian subevents, positive, without a beginning or an end in the window."""
    t, pulse = np.arange(taps), np.zeros(taps)
    for _ in range(generator.integers(1, 4)):
        strength, centre = generator.uniform(0.3, 1), generator.uniform(2, taps - 3)
        pulse += strength * np.exp(-((t - centre) ** 2) / (2 * generator.uniform(0.7, 1.5) ** 2))
    return pulse


@register_kernel(
    "thick-reflectivity",
    units="taps of 8 ms; reflection coefficient",
    source="as sparse-reflectivity, layers thicker than the wavelet is long",
)
def thick(generator: np.random.Generator, taps: int) -> Array:
    """Laplace reflections at least nine taps apart: those of a wavelet of nine taps do not overlap."""
    return apart(generator, taps, lambda: generator.laplace())
