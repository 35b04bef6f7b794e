"""Adam, stopped where samples that it has not seen are explained best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.optim import Adam

from indmech_baselines.conclusion import conclude
from indmech_bench import Parameters, Player, Problem, Solution, UnsupportedError, register_method, train


@register_method("early-stop")
@dataclass(frozen=True)
class EarlyStop:
    """Minimise the fit loss on a part of the samples by Adam; keep the parameters that fit the other part best.

    Each replicate stops at a step of its own. Skips observations of the law itself: there is nothing to hold out.

    held_out: share of the samples that are held out.
    every: steps between two looks at the samples held out.
    learning_rate: initial step size, cosine schedule.
    steps: number of steps.
    init_scale: standard deviation of the start; none for the problem's own.
    Source: Prechelt (1998).
    """

    group: ClassVar[str] = "fit"
    ranges: ClassVar[dict[str, str]] = {
        "held_out": "(0, 1)",
        "every": "[1, inf)",
        "learning_rate": "(0, inf)",
        "steps": "[1, inf)",
        "init_scale": "[0, inf)",
    }
    grid: ClassVar[dict[str, list[float]]] = {"held_out": [0.1, 0.2, 0.4], "learning_rate": [0.005, 0.02, 0.05]}

    held_out: float = 0.2
    every: int = 20
    learning_rate: float = 0.02
    steps: int = 2000
    init_scale: float | None = None

    def fit(self, problem: Problem) -> Solution:
        if problem.samples == 1:
            raise UnsupportedError("the law itself is observed: there are no samples to hold out")
        # samples come in no order, so the last ones are as good as any
        last = min(max(1, math.ceil(self.held_out * problem.samples)), problem.samples - 1)
        seen, unseen = (
            part.expand(problem.replicates, -1)
            for part in torch.arange(problem.samples).split([problem.samples - last, last])
        )
        problem.spend(math.ceil(self.steps / self.every) * last / problem.samples)
        stopped = {name: value.clone() for name, value in problem.start(self.init_scale).items()}
        least = torch.full((problem.replicates,), torch.inf)
        stopped_at = torch.zeros(problem.replicates)

        def watch(step: int, parameters: Parameters) -> None:
            if step % self.every:
                return
            nonlocal least, stopped_at
            with torch.no_grad():
                loss = problem.loss(parameters, unseen)
                better = loss < least
                least = torch.where(better, loss, least)
                stopped_at = torch.where(better, float(step), stopped_at)
                for name, value in parameters.items():
                    stopped[name] = torch.where(
                        better.view(-1, *[1] * (value.dim() - 1)), value.detach(), stopped[name]
                    )

        def objective(parameters: Parameters, batch: Tensor | None) -> Tensor:
            return problem.loss(parameters, seen)

        player = Player(objective, lambda tensors: Adam(tensors, lr=self.learning_rate))
        train(problem, problem.start(self.init_scale), [player], self.steps, watch=watch)
        return conclude(problem, stopped, polish=False, stopped_at=stopped_at)
