"""The fit loss with a penalty on dependence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.optim import Adam

from indmech_baselines.conclusion import conclude
from indmech_bench import Parameters, Player, Problem, Solution, register_method, train


@register_method("independence-penalty")
@dataclass(frozen=True)
class IndependencePenalty:
    """Minimise fit + strength sum_k (log rho_k)^2 by Adam, cosine schedule: independence as a regulariser.

    The sum is over all mechanisms that have a rho of their own; two mechanisms have one.

    strength: weight of the squared log generic ratios, 0 or more.
    learning_rate: initial step size.
    steps: number of steps.
    init_scale: standard deviation of the start; none for the problem's own.
    polish: end with at most 50 Gauss-Newton steps on the fit alone.
    Source: Besserve, Sun, Janzing, Schoelkopf (AAAI 2021), independence of mechanisms as a training objective.
    """

    group: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {
        "strength": "[0, inf)",
        "learning_rate": "(0, inf)",
        "steps": "[1, inf)",
        "init_scale": "[0, inf)",
    }

    grid: ClassVar[dict[str, list[float]]] = {"strength": [0.01, 0.1, 1.0, 10.0], "learning_rate": [0.005, 0.02, 0.05]}

    strength: float = 0.1
    learning_rate: float = 0.02
    steps: int = 2000
    init_scale: float | None = None
    polish: bool = False

    def fit(self, problem: Problem) -> Solution:
        def objective(parameters: Parameters, batch: Tensor | None) -> Tensor:
            dependence = problem.log_generic_ratios(parameters).square().sum(-1)
            return problem.loss(parameters, batch) + self.strength * dependence

        player = Player(objective, lambda tensors: Adam(tensors, lr=self.learning_rate), forwards=2)
        trained = train(problem, problem.start(self.init_scale), [player], self.steps)
        return conclude(problem, trained, self.polish)
