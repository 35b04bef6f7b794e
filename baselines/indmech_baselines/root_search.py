"""All solutions of a chain of short kernels, and one choice among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from indmech_baselines.criteria import ByCriterion, criterion_named
from indmech_baselines.factoring import chain_of, observed_composites, shared_out, stacked
from indmech_bench import Problem, Solution, levenberg_marquardt, pick, register_method

CHUNK = 64
"""Solutions of a replicate whose criterion is computed at once."""


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

    limit: most solutions of a replicate; one that has more ends as not finite.
    Skips all but chains of two or three short kernels, and samples. Without a phase (spectrum) solutions of minimum
    phase are listed: reflected zeros change no prediction.
    Source: docs/theory.md, FIR cascade.
    """

    approach: ClassVar[str] = "independence"
    search: ClassVar[str] = "all solutions"
    ranges: ClassVar[dict[str, str]] = {"limit": "[1, inf)"}

    criterion: str = "independence"
    limit: int = 20_000

    def fit(self, problem: Problem) -> Solution:
        pairs, found = problem.search(f"all solutions, at most {self.limit}", lambda: self._all_solutions(problem))
        criterion = criterion_named(self.criterion)
        with torch.no_grad(), problem.prepaid(found * (1 + criterion.cost(problem))):
            values = self._values(problem, pairs)
        chosen = problem.least(values, torch.arange(values.shape[1]) < found.unsqueeze(-1))
        polished, loss = levenberg_marquardt(problem, pick(pairs, chosen), 5)
        return problem.solution(polished, solutions=found, loss=loss)

    def _all_solutions(self, problem: Problem) -> tuple[dict[str, Tensor], Tensor]:
        """Kernels (R, S, L_k) of all solutions, and how many of them are a replicate's (R,)."""
        names = chain_of(problem).names
        rows = []
        found = torch.zeros(problem.replicates, dtype=torch.float64)
        for r, composite in enumerate(observed_composites(problem)):
            finite = bool(np.isfinite(composite).all())
            solutions = shared_out(composite, chain_of(problem).lengths, self.limit) if finite else None
            if solutions is None:
                rows.append({name: torch.full((1, *problem.shapes[name]), torch.nan) for name in names})
                continue
            found[r] = len(solutions[0])
            rows.append({name: torch.from_numpy(kernel) for name, kernel in zip(names, solutions, strict=True)})
        return {name: value.to(problem.dtype) for name, value in stacked(rows).items()}, found

    def _values(self, problem: Problem, pairs: dict[str, Tensor]) -> Tensor:
        """The criterion (R, S)."""
        count = next(iter(pairs.values())).shape[1]
        criterion = criterion_named(self.criterion)
        chunks = [
            criterion(problem, {name: value[:, first : first + CHUNK] for name, value in pairs.items()})
            for first in range(0, count, CHUNK)
        ]
        return torch.cat(chunks, -1)
