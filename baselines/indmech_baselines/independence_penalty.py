"""The fit loss with a penalty on dependence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from indmech_baselines.regularised import Regularised
from indmech_bench import Objective, Phase, Problem, SingleStart, register_method


@register_method("independence-penalty")
@dataclass(frozen=True)
class IndependencePenalty(Regularised, SingleStart):
    """Minimise fit + strength sum_k (log rho_k)^2 by Adam, cosine schedule: independence as a regulariser.

    The last steps fit only. The sum is over all mechanisms that have a rho of their own; two mechanisms have one.

    strength: weight of the squared log generic ratios, 0 or more.
    Source: Besserve, Sun, Janzing, Schoelkopf (AAAI 2021), independence of mechanisms as a training objective.
    """

    approach: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {"strength": "[0, inf)"}
    grid: ClassVar[dict[str, list[float]]] = {"strength": [0.01, 0.1, 1.0, 10.0], "learning_rate": [0.005, 0.02, 0.05]}

    strength: float = 0.1

    def phases(self, problem: Problem) -> Sequence[Phase]:
        return self.released(Objective(independence=self.strength))
