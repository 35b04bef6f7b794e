"""Fit first, then alternate: independence as a fine-tuning of a trained model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.optim import Adam

from indmech_baselines.conclusion import conclude
from indmech_bench import Parameters, Player, Problem, Solution, register_method, train


@register_method("fine-tune-independence")
@dataclass(frozen=True)
class FineTuneIndependence:
    """Fit alone for half of the steps; then a step on strength sum_k (log rho_k)^2 and one on the fit in turn.

    The last fifth of all steps fits only. Three Adam states: one for training, two for the alternation, so that the
    trained model's momentum does not carry over.

    strength: weight of the squared log generic ratios, above 0; Adam's steps hardly depend on it.
    learning_rate: initial step size of training, cosine schedule over all steps.
    tuning_rate: initial step size of the alternation, same schedule.
    steps: number of steps, all kinds counted.
    init_scale: standard deviation of the start; none for the problem's own.
    polish: end with at most 50 Gauss-Newton steps on the fit alone.
    Source: Besserve, Sun, Janzing, Schoelkopf (AAAI 2021), independence enforced on trained generative models.
    """

    group: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {
        "strength": "(0, inf)",
        "learning_rate": "(0, inf)",
        "tuning_rate": "(0, inf)",
        "steps": "[1, inf)",
        "init_scale": "[0, inf)",
    }
    grid: ClassVar[dict[str, list[float]]] = {"learning_rate": [0.005, 0.02, 0.05], "tuning_rate": [0.005, 0.02, 0.05]}

    strength: float = 0.1
    learning_rate: float = 0.02
    tuning_rate: float = 0.02
    steps: int = 2000
    init_scale: float | None = None
    polish: bool = False

    def fit(self, problem: Problem) -> Solution:
        def dependence(parameters: Parameters, batch: Tensor | None) -> Tensor:
            return self.strength * problem.log_generic_ratios(parameters).square().sum(-1)

        players = [
            Player(problem.loss, lambda tensors: Adam(tensors, lr=self.learning_rate)),
            Player(dependence, lambda tensors: Adam(tensors, lr=self.tuning_rate)),
            Player(problem.loss, lambda tensors: Adam(tensors, lr=self.tuning_rate)),
        ]

        def turn(step: int) -> int:
            if step < self.steps // 2:
                return 0
            return 1 + step % 2 if step < 0.8 * self.steps else 2

        trained = train(problem, problem.start(self.init_scale), players, self.steps, turn=turn)
        return conclude(problem, trained, self.polish)
