"""The fit loss with a pull towards a set generic ratio: is rho = 1 special?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.optim import Adam

from indmech_baselines.conclusion import conclude
from indmech_bench import Parameters, Player, Problem, Solution, register_method, train


@register_method("target-ratio")
@dataclass(frozen=True)
class TargetRatio:
    """Minimise fit + strength (log rho - log ratio)^2 by Adam, cosine schedule.

    With ratio = 1 this is `independence-penalty` on the intervened mechanism. Any other value asks whether independence
    helps because rho = 1 is right, or because training alone ends far below.

    ratio: the rho to pull towards.
    strength: weight of the squared distance.
    learning_rate: initial step size.
    steps: number of steps.
    init_scale: standard deviation of the start; none for the problem's own.
    polish: end with at most 50 Gauss-Newton steps on the fit alone.
    Source: THEORY 4, toy faces: the penalty towards 0.5, 0.8, 1.2 and 1.5.
    """

    group: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {
        "ratio": "(0, inf)",
        "strength": "[0, inf)",
        "learning_rate": "(0, inf)",
        "steps": "[1, inf)",
        "init_scale": "[0, inf)",
    }
    grid: ClassVar[dict[str, list[float]]] = {"ratio": [0.5, 0.8, 1.2, 1.5, 2.0], "strength": [0.1, 1.0]}

    ratio: float = 1.5
    strength: float = 0.1
    learning_rate: float = 0.02
    steps: int = 2000
    init_scale: float | None = None
    polish: bool = False

    def fit(self, problem: Problem) -> Solution:
        target = math.log(self.ratio)

        def objective(parameters: Parameters, batch: Tensor | None) -> Tensor:
            distance = problem.log_generic_ratio(parameters) - target
            return problem.loss(parameters, batch) + self.strength * distance.square()

        player = Player(objective, lambda tensors: Adam(tensors, lr=self.learning_rate), forwards=2)
        trained = train(problem, problem.start(self.init_scale), [player], self.steps)
        return conclude(problem, trained, self.polish)
