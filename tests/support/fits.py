"""Solutions of methods on a few tuning seeds, each made once, and all solutions of a problem."""

from __future__ import annotations

import functools

import torch
from draws import problem_of, truth_of
from torch import Tensor

from indmech_bench.problem.problem import Problem
from indmech_bench.problem.solution import Solution
from indmech_bench.registry.registration import get_method
from indmech_bench.scm.solution_lists import enumerate_solutions
from indmech_bench.scoring.scores import score

SEEDS = tuple(range(10_000, 10_004))


@functools.cache
def fitted(method: str, task: str, seeds: tuple[int, ...] = SEEDS[:2]) -> Solution:
    """The solution of a method; raises UnsupportedError where it skips the task."""
    return get_method(method).fit(problem_of(task, seeds))


def errors(method: str, task: str, seeds: tuple[int, ...] = SEEDS) -> dict[str, Tensor]:
    """All metrics of a method's solution."""
    return score(truth_of(task, seeds), fitted(method, task, seeds))


def enumerated(seed: int) -> tuple[Problem, dict[str, Tensor]]:
    """A problem of fir-natural and all solutions of it, (1, S, L_k)."""
    problem = problem_of("fir-natural", [seed])
    pair = enumerate_solutions(problem.observations[0, :13].numpy(), (9, 5))
    return problem, {name: torch.from_numpy(value).unsqueeze(0) for name, value in zip(("k1", "k2"), pair, strict=True)}
