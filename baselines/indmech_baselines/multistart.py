"""Many starts, one choice: the criteria a practitioner may choose a solution by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from indmech_baselines.criteria import ByCriterion, criterion_named
from indmech_baselines.many_starts import ManyStarts
from indmech_bench import Problem, Solution, pick, register_method


@register_method("multistart-fit", criterion="fit")
@register_method("multistart-independent", criterion="independence", approach="independence")
@register_method("multistart-min-norm", criterion="norm", approach="norm")
@register_method("multistart-placebo", criterion="placebo", approach="placebo")
@register_method("multistart-flat", criterion="flatness", approach="evidence")
@register_method("combined", criterion="combined", approach="evidence and independence")
@dataclass(frozen=True)
class Multistart(ByCriterion, ManyStarts):
    """Run `adam` from many starts, polish all of them, and choose one solution by a criterion.

    `fit` takes the smallest loss before polishing. The others choose among the starts that fit the observation
    after polishing: `independence` the smallest sum of |log rho_k|, `norm` the smallest product of the mechanisms'
    norms (the minimum-norm solution, where weight decay leads), `placebo` the smallest difference of the mechanisms'
    spectral centroids, a statistic that has nothing to do with independence, `flatness` the largest evidence (the
    flattest minimum, in coordinates relative to the mechanisms' norms), `combined` evidence and independence together.
    Formulas: `indmech_baselines.criteria`. Among equals a random number decides.

    Blind tuning of multistart-fit on fir-natural keeps the rate 0.02: polished starts fit to 1e-31 at 0.005, 0.02 and
    0.05 alike:
        indmech-bench tune multistart-fit --task fir-natural --protocol blind --grid 'learning_rate=0.005|0.02|0.05'

    criterion: fit, independence, norm, placebo, likelihood, flatness or combined.
    Source: Besserve et al. (AAAI 2021) for `independence`; those of the other criteria stand beside their formulas.
    """

    approach: ClassVar[str] = "fit"
    grid: ClassVar[dict[str, list[float | None]]] = {
        "learning_rate": [0.005, 0.02, 0.05],
        "init_scale": [0.1, None, 1.0],
    }

    besides = ("fit",)

    criterion: str = "fit"

    def fit(self, problem: Problem) -> Solution:
        found = self.found(problem)
        with torch.no_grad():
            before = problem.loss(found.trained)
            if self.criterion == "fit":
                chosen = problem.least(before, ~before.isnan())
            else:
                chosen = problem.least(criterion_named(self.criterion)(problem, found.polished), found.fits)
        rows = torch.arange(problem.replicates)
        return problem.solution(
            pick(found.polished, chosen),
            start=chosen,
            starts_that_fit=found.fits.sum(-1),
            loss_before_polish=before[rows, chosen],
            loss=found.loss[rows, chosen],
        )
