"""Fit under the constraint of independence, by an augmented Lagrangian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from indmech_baselines.regularised import Regularised
from indmech_bench import Objective, Phase, Problem, SingleStart, register_method


@register_method("constrained")
@dataclass(frozen=True)
class Constrained(Regularised, SingleStart):
    """Minimise the fit subject to log rho_k = 0 for all k: fit + sum_k (l_k log rho_k + s/2 (log rho_k)^2), by Adam.

    `updates` times the multipliers of each replicate move, l_k <- l_k + s log rho_k. Unlike under a penalty the
    constraint can hold exactly, at any strength; the multipliers say what it costs the fit. The last steps fit only.

    strength: s, the weight of the squared constraint.
    updates: how often the multipliers move.
    Source: Hestenes (1969); Powell (1969).
    """

    approach: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {"strength": "(0, inf)", "updates": "[1, inf)"}
    grid: ClassVar[dict[str, list[float]]] = {"strength": [0.01, 0.1, 1.0], "learning_rate": [0.005, 0.02, 0.05]}

    strength: float = 0.1
    updates: int = 20

    def phases(self, problem: Problem) -> Sequence[Phase]:
        every = max(1, self.regularised_steps // self.updates)
        return self.released(Objective(independence=self.strength / 2, multipliers=every))
