"""The fit loss with a pull towards a set generic ratio: is rho = 1 special?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from indmech_baselines.regularised import Regularised
from indmech_bench import Objective, Phase, Problem, SingleStart, register_method


@register_method("target-ratio")
@dataclass(frozen=True)
class TargetRatio(Regularised, SingleStart):
    """Minimise fit + strength (log rho - log ratio)^2 by Adam, cosine schedule; the last steps fit only.

    With ratio = 1 this is `independence-penalty` on the intervened mechanism. Any other value asks whether independence
    helps because rho = 1 is right, or because training alone ends far below.

    ratio: the rho to pull towards.
    strength: weight of the squared distance.
    Source: trials on toy faces: the penalty towards 0.5, 0.8, 1.2 and 1.5.
    """

    approach: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {"ratio": "(0, inf)", "strength": "[0, inf)"}
    grid: ClassVar[dict[str, list[float]]] = {"ratio": [0.5, 0.8, 1.2, 1.5, 2.0], "strength": [0.1, 1.0]}

    ratio: float = 1.5
    strength: float = 0.1

    def phases(self, problem: Problem) -> Sequence[Phase]:
        return self.released(Objective(independence=self.strength, target=math.log(self.ratio), ratios="intervened"))
