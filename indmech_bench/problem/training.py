"""The training loop that methods share: gradient steps on all replicates and starts at once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR

from indmech_bench.problem.problem import Problem
from indmech_bench.scm.parameters import Parameters, starts_in


@dataclass(frozen=True)
class Player:
    """An objective with an optimiser of its own.

    objective: parameters and the indices of a minibatch (None for all samples) -> one number a replicate (and start),
    (R,) or (R, S).
    optimiser: tensors -> an element-wise torch optimiser (its steps must not mix replicates).
    forwards: cost of one evaluation in forward passes (a loss 1, a loss and rho 2); of a loss on a minibatch of m of
    N samples m / N are charged.

    clip: largest norm of the gradient of a replicate (and start), longer ones are shortened; None for no limit.
    """

    objective: Callable[[Parameters, Tensor | None], Tensor]
    optimiser: Callable[[Iterable[Tensor]], Optimizer]
    forwards: int = 1
    clip: float | None = None


def train(
    problem: Problem,
    start: Parameters,
    players: Sequence[Player],
    steps: int,
    *,
    turn: Callable[[int], int] = lambda step: 0,
    batch: int | None = None,
    constant_rate: bool = False,
    watch: Callable[[int, Parameters], None] | None = None,
) -> dict[str, Tensor]:
    """`steps` gradient steps from `start`; at step i player `turn(i)` moves. Rates follow a cosine to 0, or stay.

    The whole cost is charged in advance. The sum over replicates is differentiated, so each replicate's gradient
    is its own: one that diverges stays alone. `batch`: samples of a minibatch, None for all. `watch` is shown the
    parameters before each step.
    """
    parameters = {name: value.detach().clone().requires_grad_() for name, value in start.items()}
    optimisers = [player.optimiser(list(parameters.values())) for player in players]
    schedules = [] if constant_rate else [CosineAnnealingLR(optimiser, steps) for optimiser in optimisers]
    turns = [turn(step) for step in range(steps)]
    share = 1.0 if batch is None else min(1.0, batch / problem.samples)
    forwards = sum(players[player].forwards - 1 + share for player in turns)
    with warnings.catch_warnings(), problem.prepaid(3 * starts_in(parameters, problem.shapes) * forwards):
        # every schedule follows the run's steps, also that of a player whose first turn has yet to come
        warnings.filterwarnings("ignore", message=r".*lr_scheduler\.step\(\)")
        for step, (player, indices) in enumerate(zip(turns, problem.minibatches(batch, steps), strict=True)):
            if watch is not None:
                watch(step, parameters)
            optimisers[player].zero_grad()
            objective = players[player].objective(parameters, indices)
            objective.sum().backward()
            longest = players[player].clip
            if longest is not None:
                shorten(parameters, longest, objective.dim())
            optimisers[player].step()
            for schedule in schedules:
                schedule.step()
    return {name: value.detach() for name, value in parameters.items()}


def shorten(parameters: Parameters, longest: float, lead: int) -> None:
    """Scale gradients down to a norm of `longest`, over the axes after the `lead` ones of replicate and start."""
    gradients = [value.grad for value in parameters.values() if value.grad is not None]
    # stacked on the last axis: a sum over the first one takes an order that depends on the batch
    norm = torch.stack([gradient.square().flatten(lead).sum(-1) for gradient in gradients], -1).sum(-1).sqrt()
    factor = (longest / norm).clamp_max(1)
    for gradient in gradients:
        gradient.mul_(factor.view(*factor.shape, *[1] * (gradient.dim() - lead)))
