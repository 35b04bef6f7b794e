"""Kernels of neuroscience: responses of synapses and of blood flow, and the events that they answer."""

from __future__ import annotations

import numpy as np
from scipy.stats import gamma

from indmech_bench.registry.registration import register_kernel
from indmech_bench.scm.factorisation import Array

REFRACTORY = 3.0
"""Taps (ms) after a spike without another one."""


@register_kernel(
    "synapse",
    units="taps of 1 ms; potential",
    source="Rall (1967); Dayan and Abbott (2001), difference of exponentials",
    pairs={"spike-train": "32x128"},
)
def synapse(generator: np.random.Generator, taps: int) -> Array:
    """Postsynaptic potential exp(-t / tau) - exp(-t / tau'), tau 4 to 10 ms and tau' 0.5 to 2 ms."""
    t = np.arange(taps)
    return np.asarray(np.exp(-t / generator.uniform(4, 10)) - np.exp(-t / generator.uniform(0.5, 2)))


@register_kernel(
    "spike-train", units="taps of 1 ms; spikes", source="Dayan and Abbott (2001), Poisson with a refractory time"
)
def spikes(generator: np.random.Generator, taps: int) -> Array:
    """Poisson spikes of 20 to 80 Hz, 3 ms refractory; at least one."""
    interval = 1 / generator.uniform(0.02, 0.08)
    train, t = np.zeros(taps), 0.0
    while True:
        t += REFRACTORY + generator.exponential(interval)
        if t >= taps:
            return train if train.any() else spikes(generator, taps)
        train[int(t)] = 1


@register_kernel(
    "haemodynamics",
    units="taps of 1 s; blood oxygenation",
    source="Friston et al. (1998); Glover (1999); the double gamma of SPM",
    pairs={"random-events": "32x128", "block-design": "32x128"},
)
def haemodynamics(generator: np.random.Generator, taps: int) -> Array:
    """Double gamma of shapes 6 and 16, undershoot 1/6, both shapes times N(1, 0.1^2)."""
    t, pace = np.arange(taps), generator.normal(1, 0.1)
    return np.asarray(gamma.pdf(t, 6 * pace) - gamma.pdf(t, 16 * pace) / 6)


@register_kernel("random-events", units="taps of 1 s; stimuli", source="Dale (1999), event-related designs")
def random_events(generator: np.random.Generator, taps: int) -> Array:
    """A stimulus in one second of ten, at random; at least one."""
    while True:
        design = (generator.random(taps) < 0.1).astype(float)
        if design.any():
            return design


@register_kernel("block-design", units="taps of 1 s; stimulation", source="Friston et al. (1999), block designs")
def block_design(generator: np.random.Generator, taps: int) -> Array:
    """Stimulation and rest in turn, 10 to 24 s each, beginning anywhere; some of it stimulation."""
    while True:
        period = int(generator.integers(10, 25))
        design = ((np.arange(taps) + int(generator.integers(2 * period))) // period % 2).astype(float)
        if design.any():
            return design
