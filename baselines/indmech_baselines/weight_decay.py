"""The fit loss with weight decay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.optim import Adam

from indmech_baselines.conclusion import conclude
from indmech_bench import Parameters, Player, Problem, Solution, register_method, train


@register_method("weight-decay")
@dataclass(frozen=True)
class WeightDecay:
    """Minimise fit + decay / 2 |parameters|^2 by Adam, cosine schedule; the last fifth of the steps fits only.

    The limit of a small decay is the minimum-norm solution, the largest rho at the fit (THEORY 3.1).

    decay: strength of the decay, 0 or more.
    learning_rate: initial step size.
    steps: number of steps.
    init_scale: standard deviation of the start; none for the problem's own.
    polish: end with at most 50 Gauss-Newton steps on the fit alone.
    Source: Krogh and Hertz (NeurIPS 1991).
    """

    group: ClassVar[str] = "norm"
    ranges: ClassVar[dict[str, str]] = {
        "decay": "[0, inf)",
        "learning_rate": "(0, inf)",
        "steps": "[1, inf)",
        "init_scale": "[0, inf)",
    }

    grid: ClassVar[dict[str, list[float]]] = {"decay": [0.001, 0.01, 0.1], "learning_rate": [0.005, 0.02, 0.05]}

    decay: float = 0.01
    learning_rate: float = 0.02
    steps: int = 2000
    init_scale: float | None = None
    polish: bool = False

    def fit(self, problem: Problem) -> Solution:
        def decayed(parameters: Parameters, batch: Tensor | None) -> Tensor:
            fit = problem.loss(parameters, batch)
            squares = [value.square().flatten(fit.dim()).sum(-1) for value in parameters.values()]
            return fit + self.decay / 2 * sum(squares)

        players = [Player(one, lambda tensors: Adam(tensors, lr=self.learning_rate)) for one in (decayed, problem.loss)]

        def turn(step: int) -> int:
            return 0 if step < 0.8 * self.steps else 1

        trained = train(problem, problem.start(self.init_scale), players, self.steps, turn=turn)
        return conclude(problem, trained, self.polish)
