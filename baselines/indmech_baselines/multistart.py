"""Many starts, one choice: the criteria a practitioner may choose a solution by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch.optim import Adam

from indmech_baselines.criteria import best, criterion_of
from indmech_bench import Player, Problem, Solution, pick, polish, register_method, train


@register_method("multistart-fit", criterion="fit")
@register_method("multistart-independent", criterion="independence", group="independence")
@register_method("multistart-min-norm", criterion="norm", group="norm")
@register_method("multistart-placebo", criterion="placebo", group="placebo")
@register_method("multistart-flat", criterion="flatness", group="evidence")
@register_method("combined", criterion="combined", group="evidence and independence")
@dataclass(frozen=True)
class Multistart:
    """Run `adam` from many starts, polish all of them, and choose one solution by a criterion.

    `fit` takes the smallest loss before polishing. The others choose among the starts that fit the observation
    after polishing: `independence` the smallest sum of |log rho_k|, `norm` the smallest product of the mechanisms'
    norms (the minimum-norm solution, where weight decay leads), `placebo` the smallest difference of the mechanisms'
    spectral centroids, a statistic that has nothing to do with independence, `flatness` the largest evidence (the
    flattest minimum, in coordinates relative to the mechanisms' norms), `combined` evidence and independence together.
    Formulas: `indmech_baselines.criteria`. Ties go to the lower index. Start 0 is the start of every single-start
    method.

    starts: number of starts, 1 or more.
    learning_rate, steps, init_scale: as in `adam`. Blind tuning of multistart-fit on fir-natural keeps 0.02:
        polished starts fit to 1e-31 at 0.005, 0.02 and 0.05 alike.
        indmech-bench tune multistart-fit --task fir-natural --protocol blind --grid 'learning_rate=0.005|0.02|0.05'
    polish_steps: at most so many Gauss-Newton steps for each start.
    Source: Besserve et al. (AAAI 2021) for `independence`; those of the other criteria stand beside their formulas.
    """

    group: ClassVar[str] = "fit"
    ranges: ClassVar[dict[str, str]] = {
        "starts": "[1, inf)",
        "learning_rate": "(0, inf)",
        "steps": "[1, inf)",
        "init_scale": "[0, inf)",
        "polish_steps": "[0, inf)",
    }

    grid: ClassVar[dict[str, list[float | None]]] = {
        "learning_rate": [0.005, 0.02, 0.05],
        "init_scale": [0.1, None, 1.0],
    }

    criterion: str = "fit"
    starts: int = 16
    learning_rate: float = 0.02
    steps: int = 2000
    init_scale: float | None = None
    polish_steps: int = 50

    def fit(self, problem: Problem) -> Solution:
        player = Player(problem.loss, lambda tensors: Adam(tensors, lr=self.learning_rate))
        trained = train(problem, problem.start(self.init_scale, self.starts), [player], self.steps)
        with torch.no_grad():
            before = problem.loss(trained)
            polished, after = polish(problem, trained, self.polish_steps)
            fitting = problem.fits(after)
            if self.criterion == "fit":
                chosen = best(before, ~before.isnan())
            else:
                chosen = best(criterion_of(self.criterion)(problem, polished), fitting)
        rows = torch.arange(problem.replicates)
        return problem.solution(
            pick(polished, chosen),
            start=chosen,
            starts_that_fit=fitting.sum(-1),
            loss_before_polish=before[rows, chosen],
            loss=after[rows, chosen],
        )
