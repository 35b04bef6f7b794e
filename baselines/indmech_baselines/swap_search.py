"""Many starts, then walks among solutions: as near to all of them as a budget reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from indmech_baselines.criteria import ByCriterion, criterion_named
from indmech_baselines.factoring import chain_of
from indmech_baselines.path_swap import walk
from indmech_bench import Problem, Solution, levenberg_marquardt, pick, register_method, require_normal_equations


@register_method("swap-search-independent", criterion="independence", approach="independence")
@register_method("swap-search-min-norm", criterion="norm", approach="norm")
@register_method("swap-search-flat", criterion="flatness", approach="evidence")
@dataclass(frozen=True)
class SwapSearch(ByCriterion):
    """Fit from many starts by `levenberg-marquardt`; from the best of them by a criterion, walk as `path-swap` does.

    A walk exchanges zeros between the kernels while the criterion falls. Walks begin at one fitted start after another,
    the best first, as long as the budget pays for them; the best end of all is taken. Where there are thousands of
    solutions, sixteen starts see sixteen of them: this is what the choice among all costs without listing them.

    criterion: independence, norm, likelihood, flatness or combined (`indmech_baselines.criteria`).
    starts: number of starts.
    steps: at most so many Levenberg-Marquardt steps of each.
    walks: most walks.
    swaps: most exchanges of each walk.
    Skips all but chains of two or three short kernels, and what `levenberg-marquardt` skips.
    Source: THEORY 3.1, FIR cascade; restarted local search, Lin and Kernighan (1973).
    """

    approach: ClassVar[str] = "evidence"
    ranges: ClassVar[dict[str, str]] = {
        "starts": "[1, inf)",
        "steps": "[1, inf)",
        "walks": "[1, inf)",
        "swaps": "[0, inf)",
    }

    criterion: str = "flatness"
    starts: int = 32
    steps: int = 50
    walks: int = 16
    swaps: int = 20

    def fit(self, problem: Problem) -> Solution:
        chain_of(problem)
        require_normal_equations(problem)
        criterion = criterion_named(self.criterion)
        with torch.no_grad():
            fitted, loss = problem.search(
                f"swap search from {self.starts} starts, {self.steps} steps",
                lambda: levenberg_marquardt(problem, problem.start(None, self.starts), self.steps),
            )
            fits = problem.fits(loss)
            price = torch.full((problem.replicates,), float(self.starts * criterion.cost(problem)), dtype=torch.float64)
            with problem.prepaid(price):
                values = criterion(problem, fitted)
            left, ends, reached = fits.clone(), [], []
            for _ in range(min(self.walks, self.starts)):
                begun = problem.least(values, left)
                moving = left.any(-1)
                left = left.scatter(1, begun.unsqueeze(-1), False)
                end, _ = walk(problem, criterion, pick(fitted, begun), moving, self.swaps)
                ends.append(end)
                with problem.prepaid(0):  # its value was paid for on the way
                    value = criterion(problem, {name: kernel.unsqueeze(1) for name, kernel in end.items()})[:, 0]
                reached.append(torch.where(moving, value, torch.inf))
            among = {name: torch.stack([end[name] for end in ends], 1) for name in fitted}
            chosen = problem.least(torch.stack(reached, -1), torch.stack(reached, -1).isfinite())
            polished, final = levenberg_marquardt(problem, pick(among, chosen))
        return problem.solution(polished, starts_that_fit=fits.sum(-1), loss=final)
