"""Alternating optimisation of fit and independence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.optim import Adam

from indmech_baselines.conclusion import conclude
from indmech_bench import Parameters, Player, Problem, Solution, register_method, train


@register_method("alternating")
@dataclass(frozen=True)
class Alternating:
    """A step on the fit, a step on strength sum_k (log rho_k)^2, in turn; each with an Adam state of its own.

    Cosine schedule. The last fifth of the steps fits only, so that the result is a solution.

    strength: weight of the squared log generic ratios, above 0; Adam's steps hardly depend on it.
    learning_rate: initial step size of both.
    steps: number of steps, both kinds counted.
    init_scale: standard deviation of the start; none for the problem's own.
    polish: end with at most 50 Gauss-Newton steps on the fit alone.
    Source: Besserve, Sun, Janzing, Schoelkopf (AAAI 2021), alternating optimisation of the two objectives.
    """

    group: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {
        "strength": "(0, inf)",
        "learning_rate": "(0, inf)",
        "steps": "[1, inf)",
        "init_scale": "[0, inf)",
    }

    grid: ClassVar[dict[str, list[float | None]]] = {
        "learning_rate": [0.005, 0.01, 0.02, 0.05],
        "init_scale": [0.1, None, 1.0],
    }

    strength: float = 0.1
    learning_rate: float = 0.02
    steps: int = 2000
    init_scale: float | None = None
    polish: bool = False

    def fit(self, problem: Problem) -> Solution:
        def dependence(parameters: Parameters, batch: Tensor | None) -> Tensor:
            return self.strength * problem.log_generic_ratios(parameters).square().sum(-1)

        players = [
            Player(problem.loss, lambda tensors: Adam(tensors, lr=self.learning_rate)),
            Player(dependence, lambda tensors: Adam(tensors, lr=self.learning_rate)),
        ]

        def turn(step: int) -> int:
            return step % 2 if step < 0.8 * self.steps else 0

        trained = train(problem, problem.start(self.init_scale), players, self.steps, turn=turn)
        return conclude(problem, trained, self.polish)
