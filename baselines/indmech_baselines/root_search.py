"""All solutions of a chain of short kernels, and one choice among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from indmech_baselines.criteria import ByCriterion, criterion_named
from indmech_baselines.factoring import Listed, as_parameters, chain_of, listed, observed_composites, stacked
from indmech_bench import Problem, Solution, levenberg_marquardt, register_method

CHUNK = 64, 2048
"""Solutions whose criterion is computed at once: of one replicate at least, of all together at most."""


@register_method("root-search-independent", criterion="independence")
@register_method("root-search-min-norm", criterion="norm", approach="norm")
@register_method("root-search-likelihood", criterion="likelihood")
@register_method("root-search-lag-one", criterion="lag-one", approach="placebo")
@register_method("root-search-sparsity", criterion="sparsity", approach="sparsity")
@register_method("root-search-sparse-first", criterion="sparse-first", approach="sparsity")
@register_method("root-search-flat", criterion="flatness", approach="evidence")
@register_method("root-search-combined", criterion="combined", approach="evidence and independence")
@dataclass(frozen=True)
class RootSearch(ByCriterion):
    """Share out the zeros of the observed composite between the kernels in every way; take the best by a criterion.

    A closed form: it trains nothing and misses no solution. What a criterion reaches here is what it is worth; what it
    reaches in `multistart-*` also depends on the solutions that training finds. Criteria: `indmech_baselines.criteria`;
    `likelihood` is the density of log rho under the null of independent mechanisms, `lag-one` a placebo. Costs one unit
    a solution and what the criterion costs.

    limit: most solutions of a replicate; one that has more ends as not finite. Beyond 3,000 they are made block by
        block and only the chosen one is polished.
    Skips all but chains of two or three short kernels, and samples. Without a phase (spectrum) solutions of minimum
    phase are listed: reflected zeros change no prediction.
    Source: docs/theory.md, FIR cascade.
    """

    approach: ClassVar[str] = "independence"
    search: ClassVar[str] = "all solutions"
    batched: ClassVar[bool] = False  # replicates have from tens to tens of thousands: together all would cost the most
    ranges: ClassVar[dict[str, str]] = {"limit": "[1, inf)"}

    criterion: str = "independence"
    limit: int = 200_000

    def fit(self, problem: Problem) -> Solution:
        lists = problem.search(f"all solutions, at most {self.limit}", lambda: self._all_solutions(problem))
        found = torch.tensor([0.0 if listed is None else len(listed) for listed in lists], dtype=torch.float64)
        criterion = criterion_named(self.criterion)
        with torch.no_grad(), problem.prepaid(found * (1 + criterion.cost(problem))):
            values = self._values(problem, lists)
        chosen = problem.least(values, torch.arange(values.shape[1]) < found.unsqueeze(-1))
        polished, loss = levenberg_marquardt(problem, self._picked(problem, lists, chosen.tolist()), 5)
        return problem.solution(polished, solutions=found, loss=loss)

    def _all_solutions(self, problem: Problem) -> list[Listed | None]:
        """The solutions of each replicate; None for one that has too many, or no finite observation."""
        lengths = chain_of(problem).lengths
        return [
            listed(composite, lengths, self.limit) if np.isfinite(composite).all() else None
            for composite in observed_composites(problem)
        ]

    @staticmethod
    def _picked(problem: Problem, lists: list[Listed | None], chosen: list[int]) -> dict[str, Tensor]:
        """Kernels (R, L_k) of the chosen solutions."""
        nothing = [np.full(shape, np.nan) for shape in problem.shapes.values()]
        return as_parameters(
            problem, [nothing if of is None else of.one(index) for of, index in zip(lists, chosen, strict=True)]
        )

    @staticmethod
    def _block(problem: Problem, lists: list[Listed | None], start: int, stop: int) -> dict[str, Tensor]:
        """Kernels (R, B, L_k) of these solutions of each replicate; where there are fewer, the first one again."""
        names = problem.shapes
        rows = []
        for solutions in lists:
            if solutions is None:
                rows.append(
                    {name: torch.full((1, *problem.shapes[name]), torch.nan, dtype=torch.float64) for name in names}
                )
                continue
            kernels = solutions.block(*((start, stop) if start < len(solutions) else (0, 1)))
            rows.append(dict(zip(names, map(torch.from_numpy, kernels), strict=True)))
        return {name: value.to(problem.dtype) for name, value in stacked(rows).items()}

    def _values(self, problem: Problem, lists: list[Listed | None]) -> Tensor:
        """The criterion (R, S)."""
        count = max([1, *(len(solutions) for solutions in lists if solutions is not None)])
        size = max(CHUNK[0], CHUNK[1] // problem.replicates)
        criterion = criterion_named(self.criterion)
        chunks = []
        for start in range(0, count, size):
            stop = min(start + size, count)
            values = criterion(problem, self._block(problem, lists, start, stop))
            chunks.append(values.expand(-1, stop - start) if values.shape[1] == 1 else values)
        return torch.cat(chunks, -1)
