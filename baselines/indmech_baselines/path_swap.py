"""Local search among solutions: a trained solution exchanges zeros between its kernels."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from indmech_baselines.criteria import ByCriterion, Criterion, criterion_named
from indmech_baselines.factoring import chain_of, stacked
from indmech_bench import (
    Array,
    GradientMethod,
    Problem,
    RealFactor,
    Solution,
    is_less,
    levenberg_marquardt,
    pick,
    real_factors,
    register_method,
)


@register_method("path-swap")
@dataclass(frozen=True)
class PathSwap(ByCriterion, GradientMethod):
    """Run `adam` once, polish; while a criterion falls, make the best exchange of zeros between two kernels.

    An exchange takes one real factor (a real zero or a conjugate pair) or two real zeros of each of two kernels, of
    the same degree, to the other: the law stays as it is. A greedy walk over the finite set of solutions, which never
    lists them; it may end in a local minimum of the criterion.

    criterion: independence, norm, likelihood, flatness or combined (`indmech_baselines.criteria`).
    swaps: most exchanges.
    Skips all but chains of two or three short kernels.
    Source: docs/theory.md, FIR cascade.
    """

    approach: ClassVar[str] = "evidence and independence"
    ranges: ClassVar[dict[str, str]] = {"swaps": "[0, inf)"}
    grid: ClassVar[dict[str, list[str]]] = {"criterion": ["independence", "norm", "flatness", "combined"]}

    criterion: str = "combined"
    swaps: int = 20

    def fit(self, problem: Problem) -> Solution:
        chain_of(problem)
        criterion = criterion_named(self.criterion)
        trained = self.trained(problem)
        with torch.no_grad():
            now, _ = levenberg_marquardt(problem, trained)
            now, swapped = walk(problem, criterion, now, torch.ones(problem.replicates, dtype=torch.bool), self.swaps)
            polished, loss = levenberg_marquardt(problem, now)
        return problem.solution(polished, swaps=swapped, loss=loss)


def walk(
    problem: Problem, criterion: Criterion, now: dict[str, Tensor], moving: Tensor, swaps: int
) -> tuple[dict[str, Tensor], Tensor]:
    """Where the best exchange, made again and again while the criterion falls, leads to; and how many were made (R,).

    Args:
        problem: whose replicates walk.
        criterion: what is to fall.
        now: where they begin, (R, L_k).
        moving: those that walk at all, (R,); one whose budget does not pay for a look at its neighbours stays.
        swaps: most exchanges.
    """
    swapped = torch.zeros(problem.replicates, dtype=torch.float64)
    for _ in range(swaps):
        candidates, count = _neighbours(now, moving)
        price = count * moving * criterion.cost(problem)
        moving = moving & (problem.remaining >= price)
        with problem.prepaid(price * moving):
            values = criterion(problem, candidates)
        chosen = problem.least(values, torch.arange(values.shape[1]) < count.unsqueeze(-1))
        moving = moving & is_less(values.gather(1, chosen.unsqueeze(-1))[:, 0], values[:, 0])
        if not bool(moving.any()):
            break
        now = {
            name: torch.where(moving.unsqueeze(-1), pick(candidates, chosen)[name], value)
            for name, value in now.items()
        }
        swapped += moving
    return now, swapped


def _neighbours(now: dict[str, Tensor], moving: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """Each replicate's solution and all that one exchange makes of it, (R, S, L_k), and how many they are (R,)."""
    rows = []
    for r, moves in enumerate(moving.tolist()):
        kernels = [value[r].double().numpy() for value in now.values()]
        solutions = (
            [kernels, *exchanges(kernels)] if moves and all(np.isfinite(k).all() for k in kernels) else [kernels]
        )
        columns = [np.stack([solution[k] for solution in solutions]) for k in range(len(kernels))]
        rows.append({name: torch.from_numpy(column).to(now[name]) for name, column in zip(now, columns, strict=True)})
    count = torch.tensor([len(next(iter(row.values()))) for row in rows], dtype=torch.float64)
    return stacked(rows), count


def exchanges(kernels: list[Array]) -> list[list[Array]]:
    """Every list of kernels with the same convolution that one exchange of zeros between two of them makes."""
    solutions = []
    for i, j in itertools.combinations(range(len(kernels)), 2):
        first, second = _factors(kernels[i]), _factors(kernels[j])
        leading = [kernel[np.flatnonzero(kernel)[0]] for kernel in (kernels[i], kernels[j])]
        for given, taken in itertools.product(_parts(first), _parts(second)):
            if _degree(first, given) != _degree(second, taken):
                continue
            swapped = list(kernels)
            swapped[i] = leading[0] * _product(_without(first, given) + [second[t] for t in taken])
            swapped[j] = leading[1] * _product(_without(second, taken) + [first[g] for g in given])
            solutions.append(swapped)
    return solutions


def _factors(kernel: Array) -> list[Array]:
    """Real factors of degree 1 and 2, repeated ones several times."""
    distinct: list[RealFactor] = real_factors(kernel)
    return [factor.coefficients for factor in distinct for _ in range(factor.multiplicity)]


def _parts(factors: list[Array]) -> list[tuple[int, ...]]:
    """One factor, or two of degree 1."""
    single = [i for i, factor in enumerate(factors) if len(factor) == 2]
    return [*((i,) for i in range(len(factors))), *itertools.combinations(single, 2)]


def _degree(factors: list[Array], part: tuple[int, ...]) -> int:
    return sum(len(factors[i]) - 1 for i in part)


def _without(factors: list[Array], part: tuple[int, ...]) -> list[Array]:
    return [factor for i, factor in enumerate(factors) if i not in part]


def _product(factors: list[Array]) -> Array:
    """Convolution of factors; of none the kernel of one tap."""
    product: Array = np.ones(1)
    for factor in factors:
        product = np.convolve(product, factor)
    return product
