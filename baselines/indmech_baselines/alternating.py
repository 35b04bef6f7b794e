"""Alternating optimisation of fit and independence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from indmech_baselines.regularised import Regularised
from indmech_bench import Objective, Phase, Problem, SingleStart, register_method


@register_method("alternating")
@dataclass(frozen=True)
class Alternating(Regularised, SingleStart):
    """A step on the fit, a step on strength sum_k (log rho_k)^2, in turn; each with an Adam state of its own.

    Cosine schedule. The last steps fit only, so that the result is a solution.

    strength: weight of the squared log generic ratios, above 0; Adam's steps hardly depend on it.
    Source: Besserve, Sun, Janzing, Schoelkopf (AAAI 2021), alternating optimisation of the two objectives.
    """

    approach: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {"strength": "(0, inf)"}
    grid: ClassVar[dict[str, list[float | None]]] = {
        "learning_rate": [0.005, 0.01, 0.02, 0.05],
        "init_scale": [0.1, None, 1.0],
    }

    strength: float = 0.1

    def phases(self, problem: Problem) -> Sequence[Phase]:
        last = self.regularised_steps
        fitting = range(0, last, 2), range(last, self.steps)
        return [
            Phase(Objective(), self.rule(), fitting),
            Phase(Objective(fit=0.0, independence=self.strength), self.rule(), (range(1, last, 2),)),
        ]
