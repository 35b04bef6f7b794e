"""What regularised methods share: when they let go, so that the result is a solution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from indmech_bench import GradientMethod, Objective, Phase


@dataclass(frozen=True)
class Regularised(GradientMethod):
    """Base of methods that minimise more than the fit, and let go of it in the end, all of them alike.

    A regulariser that is never let go of ends beside the data, and may owe its score to that: `release=0` shows how
    much. `polish` (or `run --matched-fit`) brings what is left of the difference to nothing.

    release: share of the steps, the last ones, that minimise the fit alone.
    """

    ranges: ClassVar[dict[str, str]] = {"release": "[0, 1)"}

    release: float = 0.2

    @property
    def regularised_steps(self) -> int:
        """The first of the steps that fit only."""
        return math.ceil(round((1 - self.release) * self.steps, 6))  # 0.8 * 2000 is 1600.0000000000002

    def released(self, objective: Objective) -> Sequence[Phase]:
        """An objective, then the fit alone with a fresh state of the rule."""
        last = self.regularised_steps
        return [
            Phase(objective, self.rule(), (range(last),)),
            Phase(Objective(), self.rule(), (range(last, self.steps),)),
        ]
