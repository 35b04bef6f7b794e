"""How single-start methods end: polish if asked, account for the fit, hand over the solution."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from indmech_bench import Parameters, Problem, Solution
from indmech_bench import polish as gauss_newton


def conclude(
    problem: Problem,
    parameters: Parameters,
    polish: bool,
    path: Mapping[int, Parameters] | None = None,
    **details: Tensor,
) -> Solution:
    """The solution with these parameters, its fit loss (before and after polishing) among the details."""
    with torch.no_grad():
        loss = problem.loss(parameters)
    if not polish:
        return problem.solution(parameters, path, loss=loss, **details)
    polished, after = gauss_newton(problem, parameters)
    return problem.solution(polished, path, loss_before_polish=loss, loss=after, **details)
