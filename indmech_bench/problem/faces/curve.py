"""Points on the way of a training, kept where a run asks for curves."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from indmech_bench.scm.parameters import Parameters

POINTS = 32
"""Steps of a training at which its curve has points, about: denser at its beginning."""


def curve_steps(steps: int) -> list[int]:
    """0, then steps that grow by a factor, below `steps`."""
    grown = np.geomspace(1, max(steps, 1), POINTS - 1).round().astype(int)
    return sorted({0, *(int(step) for step in grown if step < steps)})


class Curve:
    """The parameters (R, ...) at steps, in the scale of the observation."""

    def __init__(self) -> None:
        self.points: dict[int, dict[str, Tensor]] = {}

    def keep(self, step: int, parameters: Parameters) -> None:
        self.points[step] = {name: value.detach().clone() for name, value in parameters.items()}
