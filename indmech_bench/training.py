"""The training loop that methods share: gradient steps on all replicates and starts at once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR

from indmech_bench.parameters import Parameters, starts_in
from indmech_bench.problem import Problem


@dataclass(frozen=True)
class Player:
    """An objective with an optimiser of its own.

    objective: parameters -> one number a replicate (and start), (R,) or (R, S).
    optimiser: tensors -> an element-wise torch optimiser (its steps must not mix replicates).
    forwards: cost of one evaluation in forward passes (a loss 1, a loss and rho 2).
    """

    objective: Callable[[Parameters], Tensor]
    optimiser: Callable[[Iterable[Tensor]], Optimizer]
    forwards: int = 1


def train(
    problem: Problem,
    start: Parameters,
    players: Sequence[Player],
    steps: int,
    turn: Callable[[int], int] = lambda step: 0,
) -> dict[str, Tensor]:
    """`steps` gradient steps from `start`; at step i player `turn(i)` moves. Rates follow a cosine to 0.

    The whole cost is charged in advance. The sum over replicates is differentiated, so each replicate's gradient
    is its own: one that diverges stays alone.
    """
    parameters = {name: value.detach().clone().requires_grad_() for name, value in start.items()}
    optimisers = [player.optimiser(list(parameters.values())) for player in players]
    schedules = [CosineAnnealingLR(optimiser, steps) for optimiser in optimisers]
    turns = [turn(step) for step in range(steps)]
    forwards = sum(players[player].forwards for player in turns)
    with warnings.catch_warnings(), problem.prepaid(3 * starts_in(parameters, problem.shapes) * forwards):
        # every schedule follows the run's steps, also that of a player whose first turn has yet to come
        warnings.filterwarnings("ignore", message=r".*lr_scheduler\.step\(\)")
        for player in turns:
            optimisers[player].zero_grad()
            players[player].objective(parameters).sum().backward()
            optimisers[player].step()
            for schedule in schedules:
                schedule.step()
    return {name: value.detach() for name, value in parameters.items()}
