"""What happens to a gradient (p,): decay, clipping, and the step rules of torch.optim."""

from __future__ import annotations

import math

from indmech_bench.problem.engine.arrays import Floats
from indmech_bench.problem.engine.kernels.compiling import inlined


@inlined
def decayed(gradient: Floats, taps: Floats, row: int, decay: float) -> float:
    """Add decay times the taps; returns decay / 2 |taps|^2."""
    total = gradient.dtype.type(0)
    for t in range(gradient.shape[0]):
        gradient[t] += decay * taps[row, t]
        total += taps[row, t] * taps[row, t]
    return decay * total / 2


@inlined
def shorten(gradient: Floats, longest: float) -> None:
    """Scale down to a norm of `longest`; what is not finite stays so."""
    total, one = gradient.dtype.type(0), gradient.dtype.type(1)
    for t in range(gradient.shape[0]):
        total += gradient[t] * gradient[t]
    factor = longest / math.sqrt(total)
    if not factor >= one:
        for t in range(gradient.shape[0]):
            gradient[t] *= factor


@inlined
def adam(
    taps: Floats,
    first: Floats,
    second: Floats,
    row: int,
    h: int,
    gradient: Floats,
    size: float,
    root: float,
    rule: Floats,
) -> None:
    """A step of Adam with the moments of phase h; size = rate / (1 - b1^t), root = 1 / sqrt(1 - b2^t)."""
    x0, x1, x2, x3, epsilon = rule[h, 0], rule[h, 1], rule[h, 2], rule[h, 3], rule[h, 4]
    for t in range(gradient.shape[0]):
        first[row, h, t] = first[row, h, t] * x0 + gradient[t] * x1
        second[row, h, t] = second[row, h, t] * x2 + gradient[t] * gradient[t] * x3
        taps[row, t] -= size * first[row, h, t] / (math.sqrt(second[row, h, t]) * root + epsilon)


@inlined
def descent(taps: Floats, velocity: Floats, row: int, h: int, gradient: Floats, rate: float, rule: Floats) -> None:
    """A step of gradient descent with heavy-ball momentum and weight decay."""
    momentum, decay = rule[h, 0], rule[h, 1]
    for t in range(gradient.shape[0]):
        velocity[row, h, t] = velocity[row, h, t] * momentum + (gradient[t] + decay * taps[row, t])
        taps[row, t] -= rate * velocity[row, h, t]
