"""The fit loss with a penalty on dependence that fades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from indmech_baselines.regularised import Regularised
from indmech_bench import Fading, Objective, Phase, Problem, SingleStart, register_method


@register_method("independence-annealed")
@dataclass(frozen=True)
class IndependenceAnnealed(Regularised, SingleStart):
    """Minimise fit + s(t) sum_k (log rho_k)^2 by Adam, s falling in a straight line to 0 where the fit is left alone.

    The penalty chooses the basin, the fit alone ends in it.

    strength: weight at the start.
    Source: the penalty of Besserve et al. (AAAI 2021), graduated as in Blake and Zisserman (1987).
    """

    approach: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {"strength": "[0, inf)"}
    grid: ClassVar[dict[str, list[float]]] = {"strength": [0.1, 1.0, 10.0], "learning_rate": [0.005, 0.02, 0.05]}

    strength: float = 1.0

    def phases(self, problem: Problem) -> Sequence[Phase]:
        return self.released(Objective(independence=Fading(self.strength, self.regularised_steps)))
