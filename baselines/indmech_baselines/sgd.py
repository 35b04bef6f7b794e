"""Gradient descent with momentum on the fit loss."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.optim import SGD

from indmech_baselines.conclusion import conclude
from indmech_bench import Parameters, Player, Problem, Solution, register_method, train


@register_method("sgd")
@dataclass(frozen=True)
class Sgd:
    """Minimise the fit loss alone by stochastic gradient descent with momentum.

    Where the law itself is observed there is nothing to sample, and this is gradient descent with (heavy-ball)
    momentum.

    learning_rate: initial step size. Chosen by fit on tuning seeds of fir-natural among 0.003, 0.01, 0.03, 0.04, 0.05,
        0.07, 0.1 and 0.3, with a margin: half of the smallest rate at which a run without the clip diverged.
        indmech-bench run --task fir-natural --seeds 10000-10063 --out results/tuning
        --method sgd:learning_rate=0.05 --method sgd:learning_rate=0.07 ...
        indmech-bench leaderboard results/tuning --metric fit_error
    momentum: in [0, 1).
    batch: samples of a minibatch; none for all.
    weight_decay: strength l of a penalty l / 2 |parameters|^2.
    cosine: let the rate follow a cosine to 0; otherwise it stays.
    checkpoints: on how many evenly spaced steps, the last among them, the solution is scored too.
    clip: largest norm of a replicate's gradient, longer ones are shortened; none for no limit.
    steps: number of steps.
    init_scale: standard deviation of the start; none for the problem's own.
    polish: end with at most 50 Gauss-Newton steps.
    Source: Polyak (1964); torch.optim.SGD.
    """

    group: ClassVar[str] = "fit"
    ranges: ClassVar[dict[str, str]] = {
        "learning_rate": "(0, inf)",
        "momentum": "[0, 1)",
        "batch": "[1, inf)",
        "weight_decay": "[0, inf)",
        "checkpoints": "[0, inf)",
        "clip": "(0, inf)",
        "steps": "[1, inf)",
        "init_scale": "[0, inf)",
    }

    grid: ClassVar[dict[str, list[float | None]]] = {
        "learning_rate": [0.01, 0.02, 0.05, 0.1],
        "init_scale": [0.1, None, 1.0],
    }

    learning_rate: float = 0.05
    momentum: float = 0.9
    batch: int | None = 32
    weight_decay: float = 0.0
    cosine: bool = True
    checkpoints: int = 0
    clip: float | None = 1.0
    steps: int = 2000
    init_scale: float | None = None
    polish: bool = False

    def fit(self, problem: Problem) -> Solution:
        def optimiser(tensors: Iterable[Tensor]) -> SGD:
            return SGD(tensors, lr=self.learning_rate, momentum=self.momentum, weight_decay=self.weight_decay)

        kept = {self.steps * i // self.checkpoints for i in range(self.checkpoints)}
        path: dict[int, dict[str, Tensor]] = {}

        def watch(step: int, parameters: Parameters) -> None:
            if step in kept:
                path[step] = {name: value.detach().clone() for name, value in parameters.items()}

        trained = train(
            problem,
            problem.start(self.init_scale),
            [Player(problem.loss, optimiser, clip=self.clip)],
            self.steps,
            batch=self.batch,
            constant_rate=not self.cosine,
            watch=watch,
        )
        if kept:
            path[self.steps] = trained
        return conclude(problem, trained, self.polish, path)
