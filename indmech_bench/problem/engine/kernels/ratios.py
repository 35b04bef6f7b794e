"""What a log generic ratio adds to an objective."""

from __future__ import annotations

import math

from indmech_bench.problem.engine.arrays import Floats
from indmech_bench.problem.engine.kernels.compiling import inlined


@inlined
def pull(
    scalars: Floats,
    value: int,
    to: int,
    power: int,
    generic: int,
    weight: float,
    target: float,
    tolerance: float,
    multipliers: Floats,
    row: int,
    number: int,
    multiplied: bool,
    due: bool,
) -> None:
    """Adds the term of log rho = log (power / generic) to the value; writes its slopes on both from `to` on.

    weight h(log rho - target)^2 with h(x) = max(0, |x| - tolerance); or with multipliers l log rho +
    weight (log rho)^2, where l <- l + 2 weight log rho comes first if that is due.
    """
    x0, x1 = scalars[power], scalars[generic]
    ratio = math.log(x0 / x1)
    twice = weight + weight
    if multiplied:
        if due:
            multipliers[row, number] += twice * ratio
        slope = multipliers[row, number] + twice * ratio
        scalars[value] += (multipliers[row, number] + weight * ratio) * ratio
    else:
        distance = ratio - target
        beyond = abs(distance) - tolerance
        if beyond < 0:
            beyond = beyond * 0
        slope = twice * math.copysign(beyond, distance)
        scalars[value] += weight * beyond * beyond
    scalars[to] = slope / x0
    scalars[to + 1] = -slope / x1
