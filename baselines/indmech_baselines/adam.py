"""Adam on the fit loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch.optim import Adam as AdamOptimiser

from indmech_baselines.conclusion import conclude
from indmech_bench import Player, Problem, Solution, register_method, train


@register_method("adam")
@dataclass(frozen=True)
class Adam:
    """Minimise the fit loss alone by Adam, cosine schedule.

    learning_rate: initial step size. Kept from THEORY's evidence; blind tuning on fir-natural picks 0.05 with
        init_scale 0.1 (median fit error 3e-12; as it is 6e-7), a corner of the grid.
        indmech-bench tune adam --task fir-natural --protocol blind
    steps: number of steps.
    init_scale: standard deviation of the start; none for the problem's own.
    polish: end with at most 50 Gauss-Newton steps.
    Source: Kingma and Ba (ICLR 2015); torch.optim.Adam.
    """

    group: ClassVar[str] = "fit"
    ranges: ClassVar[dict[str, str]] = {"learning_rate": "(0, inf)", "steps": "[1, inf)", "init_scale": "[0, inf)"}

    grid: ClassVar[dict[str, list[float | None]]] = {
        "learning_rate": [0.005, 0.02, 0.05],
        "init_scale": [0.1, None, 1.0],
    }

    learning_rate: float = 0.02
    steps: int = 2000
    init_scale: float | None = None
    polish: bool = False

    def fit(self, problem: Problem) -> Solution:
        player = Player(problem.loss, lambda tensors: AdamOptimiser(tensors, lr=self.learning_rate))
        trained = train(problem, problem.start(self.init_scale), [player], self.steps)
        return conclude(problem, trained, self.polish)
