"""The fit loss with a penalty on dependence that chance does not explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.optim import Adam

from indmech_baselines.conclusion import conclude
from indmech_bench import Parameters, Player, Problem, Solution, register_method, train


@register_method("independence-pvalue")
@dataclass(frozen=True)
class IndependencePvalue:
    """Minimise fit + strength max(0, |log rho| - q)^2 by Adam, q the (1 - level) quantile of |log rho| under the null.

    Mechanisms drawn independently have log rho = 0 on average only: a solution that the null does not reject at `level`
    is left alone.

    strength: weight of the squared excess.
    level: the share of independent pairs that would be penalised.
    learning_rate: initial step size, cosine schedule.
    steps: number of steps.
    init_scale: standard deviation of the start; none for the problem's own.
    polish: end with at most 50 Gauss-Newton steps on the fit alone.
    Source: the null of finite mechanisms, in place of the limit of Shajarisales et al. (ICML 2015).
    """

    group: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {
        "strength": "[0, inf)",
        "level": "(0, 1)",
        "learning_rate": "(0, inf)",
        "steps": "[1, inf)",
        "init_scale": "[0, inf)",
    }
    grid: ClassVar[dict[str, list[float]]] = {"strength": [0.1, 1.0, 10.0], "level": [0.05, 0.5, 0.9]}

    strength: float = 1.0
    level: float = 0.5
    learning_rate: float = 0.02
    steps: int = 2000
    init_scale: float | None = None
    polish: bool = False

    def fit(self, problem: Problem) -> Solution:
        allowed = float(torch.quantile(problem.null.log_ratios.abs(), 1 - self.level))

        def objective(parameters: Parameters, batch: Tensor | None) -> Tensor:
            excess = (problem.log_generic_ratio(parameters).abs() - allowed).clamp_min(0)
            return problem.loss(parameters, batch) + self.strength * excess.square()

        player = Player(objective, lambda tensors: Adam(tensors, lr=self.learning_rate), forwards=2)
        trained = train(problem, problem.start(self.init_scale), [player], self.steps)
        return conclude(problem, trained, self.polish)
