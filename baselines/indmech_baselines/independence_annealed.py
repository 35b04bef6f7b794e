"""The fit loss with a penalty on dependence that fades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.optim import Adam

from indmech_baselines.conclusion import conclude
from indmech_bench import Parameters, Player, Problem, Solution, register_method, train

FADED = 0.8
"""Share of the steps after which the penalty is gone, so that the result is a solution."""


@register_method("independence-annealed")
@dataclass(frozen=True)
class IndependenceAnnealed:
    """Minimise fit + s(t) sum_k (log rho_k)^2 by Adam, s falling in a straight line to 0 at four fifths of the steps.

    The penalty chooses the basin, the fit alone ends in it.

    strength: weight at the start.
    learning_rate: initial step size, cosine schedule.
    steps: number of steps.
    init_scale: standard deviation of the start; none for the problem's own.
    polish: end with at most 50 Gauss-Newton steps on the fit alone.
    Source: the penalty of Besserve et al. (AAAI 2021), graduated as in Blake and Zisserman (1987).
    """

    group: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {
        "strength": "[0, inf)",
        "learning_rate": "(0, inf)",
        "steps": "[1, inf)",
        "init_scale": "[0, inf)",
    }
    grid: ClassVar[dict[str, list[float]]] = {"strength": [0.1, 1.0, 10.0], "learning_rate": [0.005, 0.02, 0.05]}

    strength: float = 1.0
    learning_rate: float = 0.02
    steps: int = 2000
    init_scale: float | None = None
    polish: bool = False

    def fit(self, problem: Problem) -> Solution:
        now = 0.0

        def watch(step: int, parameters: Parameters) -> None:
            nonlocal now
            now = self.strength * max(0.0, 1 - step / (FADED * self.steps))

        def objective(parameters: Parameters, batch: Tensor | None) -> Tensor:
            dependence = problem.log_generic_ratios(parameters).square().sum(-1)
            return problem.loss(parameters, batch) + now * dependence

        player = Player(objective, lambda tensors: Adam(tensors, lr=self.learning_rate), forwards=2)
        trained = train(problem, problem.start(self.init_scale), [player], self.steps, watch=watch)
        return conclude(problem, trained, self.polish)
