"""Gradient descent with momentum on the fit loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch.optim import SGD

from indmech_baselines.conclusion import conclude
from indmech_bench import register_method
from indmech_bench.problem import Problem, Solution
from indmech_bench.training import Player, train


@register_method("sgd")
@dataclass(frozen=True)
class Sgd:
    """Minimise the fit loss alone by stochastic gradient descent with momentum, cosine schedule.

    On a noise-free impulse there is nothing to sample, and this is gradient descent with (heavy-ball) momentum.

    learning_rate: initial step size. Of 0.003, 0.01, 0.03, 0.04, 0.05, 0.07, 0.1 and 0.3, on tuning
        seeds, fit improves with the rate until runs diverge; the default is half of the smallest rate at which one
        did, so that scored runs have a margin:
        indmech-bench run --task fir-natural --seeds 10000-10063 --out results/tuning
        --method sgd:learning_rate=0.05 --method sgd:learning_rate=0.07 ...
        indmech-bench leaderboard results/tuning --metric fit_error
    momentum: in [0, 1).
    steps: number of steps.
    init_scale: standard deviation of the start.
    polish: end with at most 50 Gauss-Newton steps.
    Source: Polyak (1964); torch.optim.SGD.
    """

    ranges: ClassVar[dict[str, str]] = {
        "learning_rate": "(0, inf)",
        "momentum": "[0, 1)",
        "steps": "[1, inf)",
        "init_scale": "[0, inf)",
    }

    learning_rate: float = 0.05
    momentum: float = 0.9
    steps: int = 2000
    init_scale: float = 0.3
    polish: bool = False

    def fit(self, problem: Problem) -> Solution:
        player = Player(problem.loss, lambda tensors: SGD(tensors, lr=self.learning_rate, momentum=self.momentum))
        trained = train(problem, problem.start(self.init_scale), [player], self.steps)
        return conclude(problem, trained, self.polish)
