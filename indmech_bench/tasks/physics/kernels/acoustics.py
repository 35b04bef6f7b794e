"""Kernels of speech and rooms: a vocal tract's vowels, and early reflections by image sources."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from indmech_bench.registry.registration import register_kernel
from indmech_bench.scm.factorisation import Array
from indmech_bench.tasks.physics.kernels.sound import RATE, SPEED

VOWELS = (
    "270 2290 3010  310 2790 3310  370 3200 3730  390 1990 2550  430 2480 3070  530 2730 3600 "
    "530 1840 2480  610 2330 2990  690 2610 3570  660 1720 2410  860 2050 2850  1010 2320 3320 "
    "730 1090 2440  850 1220 2810  1030 1370 3170  570 840 2410  590 920 2710  680 1060 3180 "
    "440 1020 2240  470 1160 2680  560 1410 3310  300 870 2240  370 950 2670  430 1170 3260 "
    "640 1190 2390  760 1400 2780  850 1590 3360  490 1350 1690  500 1640 1960  560 1820 2160"
)
FORMANTS = np.array(VOWELS.split(), dtype=float).reshape(-1, 3)
"""Means of the first three formants of ten vowels of men, women and children, Hz: (30, 3)."""
BANDWIDTHS = np.array([60.0, 90.0, 150.0])
"""Of the formants, Hz."""
HIGHEST = 3900.0
"""A formant above is heard there, Hz: half the sampling rate is 4000."""
ORDER = 8
"""Most reflections of a path."""
BEFORE = 4
"""Taps before the direct sound, and half the length of a delay's windowed sinc."""


@register_kernel(
    "vowel",
    units="taps of 1/8000 s; pressure at the lips",
    source="Peterson and Barney (1952), formants; Fant (1960), all-pole vocal tract",
    pairs={"room": "24x64"},
)
def vowel(generator: np.random.Generator, taps: int) -> Array:
    """Impulse response of three resonances: formants within 5 %, bandwidths within 20 %, the second half faded out."""
    formants = FORMANTS[generator.integers(len(FORMANTS))] * np.exp(0.05 * generator.standard_normal(3))
    bandwidths = BANDWIDTHS * np.exp(0.2 * generator.standard_normal(3))
    denominator = np.ones(1)
    for frequency, bandwidth in zip(np.minimum(formants, HIGHEST), bandwidths, strict=True):
        radius = np.exp(-np.pi * bandwidth / RATE)
        turn = 2 * np.pi * frequency / RATE
        denominator = np.convolve(denominator, [1, -2 * radius * np.cos(turn), radius**2])
    return _faded(lfilter([1.0], denominator, np.eye(1, taps)[0]), taps // 2)


@register_kernel(
    "room",
    units="taps of 1/8000 s; pressure at the microphone, from half a millisecond before the direct sound on",
    source="Allen and Berkley (1979), image sources",
    pairs={"room": "64x64"},
)
def room(generator: np.random.Generator, taps: int) -> Array:
    """Direct sound and early reflections of a box of 2.5 to 7 m, walls absorbing 20 to 60 %, the last quarter faded."""
    size = generator.uniform([2.5, 2.5, 2.2], [7.0, 6.0, 3.5])
    reflection = np.sqrt(1 - generator.uniform(0.2, 0.6))
    source, microphone = generator.uniform(0.5, size - 0.5), generator.uniform(0.5, size - 0.5)
    # responses come BEFORE taps late: this is BEFORE taps ahead of the direct sound
    start = int(np.linalg.norm(source - microphone) / SPEED * RATE)
    response = image_sources(size, source, microphone, float(reflection), start + taps, BEFORE)
    return _faded(response[start:], taps // 4)


def image_sources(
    size: Array, source: Array, microphone: Array, reflection: float, length: int, half: int, order: int = ORDER
) -> Array:
    """Impulse response (length,) of a box: sum over images of beta^reflections / (4 pi r) at r / c, `half` taps late.

    Args:
        size: of the box, m (3,).
        source: its place, m (3,).
        microphone: its place, m (3,).
        reflection: beta, the share of the pressure that a wall gives back.
        length: taps of 1 / RATE s.
        half: each delay is a sinc under a Hann window of 2 half + 1 taps.
        order: most reflections of a path.
    """
    m = np.arange(-order, order + 1)
    places = [
        np.concatenate([2 * m * size[d] + source[d], 2 * m * size[d] - source[d]]) - microphone[d] for d in range(3)
    ]
    bounces = np.concatenate([2 * np.abs(m), np.abs(2 * m - 1)])
    x, y, z = np.ix_(*places)
    in_x, in_y, in_z = np.ix_(bounces, bounces, bounces)
    reflections = in_x + in_y + in_z
    far = np.sqrt(x**2 + y**2 + z**2)
    kept = (reflections <= order) & (far < length / RATE * SPEED)
    distance = far[kept]
    amplitude = reflection ** reflections[kept] / (4 * np.pi * distance)
    arrival = distance / SPEED * RATE + half
    first = np.floor(arrival).astype(int)
    response = np.zeros(length + 2 * half + 1)
    for tap in range(-half, half + 1):
        lag = first + tap - arrival
        window = np.where(np.abs(lag) <= half + 0.5, 0.5 + 0.5 * np.cos(np.pi * lag / (half + 0.5)), 0.0)
        np.add.at(response, first + tap, amplitude * window * np.sinc(lag))
    return response[:length]


def _faded(kernel: Array, last: int) -> Array:
    """The kernel with half a Hann window over its last taps."""
    window = np.ones(len(kernel))
    window[len(kernel) - last :] = np.cos(np.pi / 2 * (np.arange(last) + 1) / (last + 1)) ** 2
    return np.asarray(kernel * window)
