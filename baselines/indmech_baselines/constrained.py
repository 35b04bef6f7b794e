"""Fit under the constraint of independence, by an augmented Lagrangian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.optim import Adam

from indmech_baselines.conclusion import conclude
from indmech_bench import Parameters, Player, Problem, Solution, register_method, train


@register_method("constrained")
@dataclass(frozen=True)
class Constrained:
    """Minimise the fit subject to log rho_k = 0 for all k: fit + sum_k (l_k log rho_k + s/2 (log rho_k)^2), by Adam.

    Every `steps` / `updates` steps the multipliers of each replicate move, l_k <- l_k + s log rho_k. Unlike a penalty
    the constraint can hold exactly at the end, at any strength; the multipliers say what it costs the fit.

    strength: s, the weight of the squared constraint.
    updates: how often the multipliers move.
    learning_rate: initial step size, cosine schedule.
    steps: number of steps.
    init_scale: standard deviation of the start; none for the problem's own.
    polish: end with at most 50 Gauss-Newton steps on the fit alone.
    Source: Hestenes (1969); Powell (1969).
    """

    group: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {
        "strength": "(0, inf)",
        "updates": "[1, inf)",
        "learning_rate": "(0, inf)",
        "steps": "[1, inf)",
        "init_scale": "[0, inf)",
    }
    grid: ClassVar[dict[str, list[float]]] = {"strength": [0.01, 0.1, 1.0], "learning_rate": [0.005, 0.02, 0.05]}

    strength: float = 0.1
    updates: int = 20
    learning_rate: float = 0.02
    steps: int = 2000
    init_scale: float | None = None
    polish: bool = False

    def fit(self, problem: Problem) -> Solution:
        multipliers: Tensor | float = 0.0
        every = max(1, self.steps // self.updates)
        problem.spend((self.steps - 1) // every)  # one look at log rho an update, beside the steps of `train`

        def watch(step: int, parameters: Parameters) -> None:
            nonlocal multipliers
            if step and step % every == 0:
                with torch.no_grad():
                    multipliers = multipliers + self.strength * problem.log_generic_ratios(parameters)

        def objective(parameters: Parameters, batch: Tensor | None) -> Tensor:
            ratios = problem.log_generic_ratios(parameters)
            constraint = (multipliers * ratios + self.strength / 2 * ratios.square()).sum(-1)
            return problem.loss(parameters, batch) + constraint

        player = Player(objective, lambda tensors: Adam(tensors, lr=self.learning_rate), forwards=2)
        trained = train(problem, problem.start(self.init_scale), [player], self.steps, watch=watch)
        return conclude(problem, trained, self.polish)
