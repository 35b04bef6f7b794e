"""Kernels of instruments and of reflections close by."""

from __future__ import annotations

import numpy as np

from indmech_bench.registry.registration import register_kernel
from indmech_bench.scm.factorisation import Array

RATE = 8000.0
"""Samples per second."""
SPEED = 343.0
"""Of sound, m / s."""
MOUTH = 0.5
"""Metres from the mouth to the microphone."""


@register_kernel(
    "string",
    units="taps of 1/8000 s; force on the bridge",
    source="Fletcher and Rossing (1998), ideal plucked string",
    pairs={"guitar-body": "256x256"},
)
def string(generator: np.random.Generator, taps: int) -> Array:
    """Harmonics m of 80 to 330 Hz with amplitudes sin(m pi b) / m, plucked at b = 0.1 to 0.4, Q = 300 to 900."""
    pitch, plucked, quality = generator.uniform(80, 330), generator.uniform(0.1, 0.4), generator.uniform(300, 900)
    t, m = np.arange(taps) / RATE, np.arange(1, int(3900 / pitch) + 1)[:, None]
    amplitude = np.sin(np.pi * m * plucked) / m
    ringing = np.sin(2 * np.pi * m * pitch * t) * np.exp(-np.pi * m * pitch * t / quality)
    return np.asarray((amplitude * ringing).sum(0))


@register_kernel(
    "guitar-body",
    units="taps of 1/8000 s; radiated pressure",
    source="Christensen and Vistisen (1980), air and plate modes; Fletcher and Rossing (1998)",
)
def guitar_body(generator: np.random.Generator, taps: int) -> Array:
    """An air mode near 100 Hz, a plate mode near 200 Hz and twelve from 250 to 1500 Hz, Q = 15 to 40."""
    air, plate = generator.uniform(95, 110), generator.uniform(180, 220)
    f = np.array([air, plate, *generator.uniform(250, 1500, 12)])[:, None]
    t = np.arange(taps) / RATE
    strength, quality = generator.uniform(0.3, 1, f.shape), generator.uniform(15, 40, f.shape)
    return np.asarray((strength * np.sin(2 * np.pi * f * t) * np.exp(-np.pi * f * t / quality)).sum(0))


@register_kernel(
    "desk", units="taps of 1/8000 s; pressure", source="mirror source of one surface, amplitude 1 / distance"
)
def desk(generator: np.random.Generator, taps: int) -> Array:
    """Direct sound and the reflection of a desk, half the time that of a screen too; linear between taps."""
    heard = np.zeros(taps)
    heard[0] = 1
    for strength in (generator.uniform(0.5, 0.95), generator.uniform(0.2, 0.6) * (generator.random() < 0.5)):
        delay = generator.uniform(1, taps - 1.001)
        whole, part = int(delay), delay % 1
        amplitude = strength / (1 + delay * SPEED / RATE / MOUTH)
        heard[whole] += amplitude * (1 - part)
        heard[whole + 1] += amplitude * part
    return heard
