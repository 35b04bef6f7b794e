"""Levenberg-Marquardt: from a start or a rough fit to machine precision."""

from __future__ import annotations

import torch
from torch import Tensor

from indmech_bench.errors import UnsupportedError
from indmech_bench.problem.least_squares import damped_solve
from indmech_bench.problem.problem import Problem
from indmech_bench.scm.models.environments import SharedConvolution
from indmech_bench.scm.parameters import Parameters, flatten, size_of, unflatten

LARGEST = 128
"""Parameters of a problem whose normal equations are solved, at most."""
LARGEST_SHARED = 1024
"""The same where environments share a mechanism: the solution is one, which steps of first order do not reach."""
CONVERGED = 1e-28
STALLED = 1e-6
DAMPING = (1e-3, 1e-12, 1e10)
"""Initial, smallest and largest damping, relative to the mean diagonal of J'J."""


def largest(problem: Problem) -> int:
    """Most parameters of a problem of this kind whose normal equations are solved."""
    return LARGEST_SHARED if isinstance(problem.model, SharedConvolution) else LARGEST


def require_normal_equations(problem: Problem) -> None:
    """Raises UnsupportedError for a problem with more parameters than are solved for."""
    size, most = size_of(problem.shapes), largest(problem)
    if size > most:
        raise UnsupportedError(f"normal equations of {size} parameters are more than the {most} that are solved")


def levenberg_marquardt(problem: Problem, parameters: Parameters, steps: int = 50) -> tuple[dict[str, Tensor], Tensor]:
    """At most `steps` Levenberg-Marquardt steps on the fit; returns parameters and their loss.

    The step -(J'J + mu I)^-1 J'r tends to the minimum-norm Gauss-Newton step as mu goes to 0. It is kept where it
    lowers the loss (then mu / 10), refused elsewhere (then 10 mu). A row (one replicate, one start) stops when its
    loss is below 1e-28, when an accepted step gains less than 1e-6 of it, when mu is out of range, or when its
    replicate's budget is spent. Each replicate is charged p + 1 units for each step of each of its own active rows.
    A problem with more parameters than `largest` is left as it is: its solutions are a continuum, and Adam fits them.
    """
    if size_of(problem.shapes) > largest(problem):
        with torch.no_grad():
            return dict(parameters), problem.loss(parameters)
    shapes = problem.shapes
    flat = flatten(parameters, shapes).detach()
    size = flat.shape[-1]
    with torch.no_grad():
        loss = problem.loss(parameters)
        damping = torch.full_like(loss, DAMPING[0])
        active = loss.isfinite() & (loss > CONVERGED)
        for _ in range(steps):
            affordable = problem.remaining >= (size + 1) * _per_replicate(active)
            active = active & (affordable.view(-1, *[1] * (active.dim() - 1)))
            if not bool(active.any()):
                break
            with problem.prepaid((size + 1) * _per_replicate(active)):
                if problem.engine is not None:
                    moved, new_loss = problem.engine.damped_step(flat, damping, active)
                else:
                    moved, new_loss = _damped_step(problem, flat, damping)
            better = active & (new_loss < loss)
            gain = (loss - new_loss) / loss
            flat = torch.where(better.unsqueeze(-1), moved, flat)
            loss = torch.where(better, new_loss, loss)
            damping = torch.where(active, torch.where(better, damping / 10, damping * 10), damping)
            damping = damping.clamp_min(DAMPING[1])
            active = active & (loss > CONVERGED) & ~(better & (gain < STALLED)) & (damping < DAMPING[2])
    return unflatten(flat, shapes), loss


def _damped_step(problem: Problem, flat: Tensor, damping: Tensor) -> tuple[Tensor, Tensor]:
    """Parameters (R, [S,] p) after the step, and their loss."""
    point = unflatten(flat, problem.shapes)
    moved = flat - damped_solve(problem.jacobian(point), problem.residuals(point), damping)
    return moved, problem.loss(unflatten(moved, problem.shapes))


def _per_replicate(active: Tensor) -> Tensor:
    return active.flatten(1).sum(1).double() if active.dim() > 1 else active.double()
