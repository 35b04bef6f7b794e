"""Kernels of optics and astronomy, in one dimension: line spread functions and what they are laid over."""

from __future__ import annotations

import numpy as np
from scipy.special import struve

from indmech_bench.registry.registration import register_kernel
from indmech_bench.scm.factorisation import Array
from indmech_bench.tasks.physics.kernels.layouts import apart, scattered

FIELD = 512
"""Pixels of the field that a scene is cut from."""
FLUX = 1.5
"""Index of the Pareto law of fluxes, that of uniformly spread sources of one luminosity."""


@register_kernel(
    "airy",
    units="pixels; intensity, lambda N = 1.6 to 2.4 pixels",
    source="Airy (1835); line spread by the Struve function, Born and Wolf (1980) and Williams and Becklund (1989)",
    pairs={"stars": "9x64", "scene": "9x64", "wide-stars": "9x64"},
)
def airy(generator: np.random.Generator, taps: int) -> Array:
    """Line spread function of a circular aperture, 3 pi / 2 H_1(z) / z^2 with z = 2 pi x / (lambda N), centred, cut."""
    distance = np.abs(np.arange(taps) - (taps - 1) / 2)
    z = np.maximum(2 * np.pi * distance / generator.uniform(1.6, 2.4), 1e-4)
    return np.asarray(3 * np.pi / 2 * struve(1, z) / z**2)


@register_kernel("stars", units="pixels; flux", source="log N - log S of slope 3/2; Pareto law of fluxes")
def stars(generator: np.random.Generator, taps: int) -> Array:
    """Point sources on one pixel in five, Pareto fluxes of index 1.5."""
    return scattered(generator, taps, lambda size: generator.pareto(FLUX, size) + 1)


@register_kernel("wide-stars", units="pixels; flux", source="as stars, in a thin field")
def wide(generator: np.random.Generator, taps: int) -> Array:
    """Point sources at least nine pixels apart, Pareto fluxes of index 1.5."""
    return apart(generator, taps, lambda: generator.pareto(FLUX) + 1)


@register_kernel("scene", units="pixels; intensity about its mean", source="Field (1987); Ruderman (1994)")
def scene(generator: np.random.Generator, taps: int) -> Array:
    """A piece of a Gaussian field with amplitudes 1 / f, as those of natural images fall."""
    frequency = np.maximum(np.abs(np.fft.fftfreq(FIELD)), 1 / FIELD)
    return np.asarray(np.fft.ifft(np.fft.fft(generator.standard_normal(FIELD)) / frequency).real[:taps])


@register_kernel(
    "motion-blur",
    units="pixels; exposure",
    source="Gonzalez and Woods (2008), uniform linear motion",
    pairs={"defocus": "15x15"},
)
def motion_blur(generator: np.random.Generator, taps: int) -> Array:
    """Uniform motion over 3 pixels or more, the last one covered in part."""
    blur, length = np.zeros(taps), generator.uniform(3, taps - 1)
    whole = int(length)
    blur[:whole], blur[whole] = 1, length - whole
    return blur


@register_kernel("defocus", units="pixels; intensity", source="Hopkins (1955), geometric blur disk")
def defocus(generator: np.random.Generator, taps: int) -> Array:
    """Line integral of a disk of radius 1.5 pixels or more, 2 sqrt(r^2 - x^2)."""
    radius = generator.uniform(1.5, (taps - 1) / 2)
    x = np.arange(taps) - (taps - 1) / 2
    return np.asarray(2 * np.sqrt(np.maximum(radius**2 - x**2, 0)))
