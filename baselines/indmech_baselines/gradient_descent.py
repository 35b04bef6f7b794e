"""Gradient descent on the fit loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from indmech_bench import DescentRule, Objective, Phase, Problem, SingleStart, register_method


@register_method("gradient-descent")
@dataclass(frozen=True)
class GradientDescent(SingleStart):
    """Minimise the fit loss alone by gradient descent, no momentum, cosine schedule.

    learning_rate: initial step size. Chosen by fit on tuning seeds of fir-natural among 0.03, 0.1, 0.2, 0.3, 0.4,
        0.5, 1 and 3, with a margin: half of the smallest rate at which a run without the clip diverged.
        indmech-bench run --task fir-natural --seeds 10000-10063 --out results/tuning
        --method gradient-descent:learning_rate=0.2 --method gradient-descent:learning_rate=0.3 ...
        indmech-bench leaderboard results/tuning --metric fit_error
    clip: largest norm of a replicate's gradient, longer ones are shortened; none for no limit.
    """

    approach: ClassVar[str] = "fit"
    ranges: ClassVar[dict[str, str]] = {"clip": "(0, inf)"}
    grid: ClassVar[dict[str, list[float | None]]] = {
        "learning_rate": [0.05, 0.1, 0.2, 0.4],
        "init_scale": [0.1, None, 1.0],
    }

    learning_rate: float = 0.2
    clip: float | None = 1.0

    def phases(self, problem: Problem) -> Sequence[Phase]:
        return [Phase(Objective(), DescentRule(self.learning_rate), clip=self.clip)]
