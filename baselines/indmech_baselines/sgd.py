"""Gradient descent with momentum on the fit loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch

from indmech_bench import DescentRule, Objective, Phase, Problem, SingleStart, Solution, Trace, register_method


@register_method("sgd")
@dataclass(frozen=True)
class Sgd(SingleStart):
    """Minimise the fit loss alone by stochastic gradient descent with momentum.

    Where the law itself is observed there is nothing to sample, and this is gradient descent with (heavy-ball)
    momentum: the detail `full_batch` of a row is then 1.

    learning_rate: initial step size. Chosen by fit on tuning seeds of fir-natural among 0.003, 0.01, 0.03, 0.04, 0.05,
        0.07, 0.1 and 0.3, with a margin: half of the smallest rate at which a run without the clip diverged.
        indmech-bench run --task fir-natural --seeds 10000-10063 --out results/tuning
        --method sgd:learning_rate=0.05 --method sgd:learning_rate=0.07 ...
        indmech-bench leaderboard results/tuning --metric fit_error
    momentum: in [0, 1).
    batch: samples of a minibatch; none for all, or for the minibatches that networks are trained by.
    weight_decay: strength l of a penalty l / 2 |parameters|^2.
    cosine: let the rate follow a cosine to 0; otherwise it stays.
    checkpoints: on how many steps beside the start, in equal ratios up to the last, the solution is scored too.
    clip: largest norm of a replicate's gradient, longer ones are shortened; none for no limit.
    label_noise: standard deviation s of noise on what is fitted, drawn anew at every step: the mean periodogram is
        multiplied by exp(s z - s^2 / 2), z standard normal, one a frequency (and its negative). 0 for none. For
        periodograms alone; minibatches of m have the noise of s = (2 m)^(-1/2).
    Source: Polyak (1964); torch.optim.SGD; label noise: Blanc et al. (COLT 2020), Damian et al. (NeurIPS 2021), HaoChen
        et al. (COLT 2021).
    """

    approach: ClassVar[str] = "fit"
    ranges: ClassVar[dict[str, str]] = {
        "momentum": "[0, 1)",
        "batch": "[1, inf)",
        "weight_decay": "[0, inf)",
        "checkpoints": "[0, inf)",
        "clip": "(0, inf)",
        "label_noise": "[0, inf)",
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
    label_noise: float = 0.0

    def phases(self, problem: Problem) -> Sequence[Phase]:
        rule = DescentRule(self.learning_rate, self.momentum, self.weight_decay)
        return [Phase(Objective(), rule, clip=self.clip)]

    def fit(self, problem: Problem) -> Solution:
        ratios = [(i + 1) / self.checkpoints for i in range(self.checkpoints)]
        kept = {0, *(round(self.steps**share) for share in ratios)} if ratios else set()
        trace = Trace({})
        trained = self.trained(
            problem,
            batch=self.batch,
            label_noise=self.label_noise,
            cosine=self.cosine,
            watch=trace,
            watched=kept,
        )
        if kept:
            trace(self.steps, trained)
        full = self.batch is None or self.batch >= problem.samples
        return self.concluded(problem, trained, trace.path, full_batch=torch.full((problem.replicates,), float(full)))
