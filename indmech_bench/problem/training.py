"""The training loop that methods share: gradient steps on all replicates and starts at once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim.lr_scheduler import CosineAnnealingLR

from indmech_bench.problem.objective import AnyObjective, Objective
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.rules import StepRule
from indmech_bench.scm.parameters import Parameters, starts_in

Watch = Callable[[int, Parameters], None]
"""Shown a step and the parameters before it."""


@dataclass(frozen=True)
class Phase:
    """An objective with a step rule of its own, and the steps at which it moves the parameters.

    objective: data (`Objective`), or a function of your own.
    rule: the optimiser; its state (moments) is the phase's own.
    steps: the steps that are the phase's, ascending ranges; None for all.
    clip: largest norm of the gradient of a replicate (and start), longer ones are shortened; None for no limit.
    forwards: what one evaluation of a function of your own costs, in forward passes (a loss 1, a loss and rho 2); of a
        loss on a minibatch of m of N samples m / N are charged. An `Objective` knows its own cost.
    """

    objective: AnyObjective
    rule: StepRule
    steps: tuple[range, ...] | None = None
    clip: float | None = None
    forwards: int = 1

    def cost(self, share: float) -> float:
        """Forward passes of one step on a share of the samples."""
        if not isinstance(self.objective, Objective):
            return self.forwards - 1 + share
        return self.objective.forwards - self.objective.fit * (1 - share)


def train(
    problem: Problem,
    start: Parameters,
    phases: Phase | Sequence[Phase],
    steps: int,
    *,
    batch: int | None = None,
    samples: Tensor | None = None,
    cosine: bool = True,
    watch: Watch | None = None,
    watched: Collection[int] | None = None,
) -> dict[str, Tensor]:
    """`steps` gradient steps from `start`, each by the phase whose step it is. Raises ValueError where that is unclear.

    The whole cost is charged in advance. The sum over replicates is differentiated, so each replicate's gradient
    is its own: one that diverges stays alone.

    Args:
        problem: what is fitted.
        start: parameters (R, ...) or, with S starts, (R, S, ...).
        phases: what is minimised, by which rule, at which steps.
        steps: number of steps, all phases together.
        batch: samples of a minibatch, drawn anew at every step; None for all.
        samples: (m,) indices of the only samples that training sees, in place of minibatches; None for all.
        cosine: whether rates follow a cosine to 0 over all steps; otherwise they stay.
        watch: is shown the parameters before the steps in `watched`.
        watched: steps; None for every one.
    """
    phases = (phases,) if isinstance(phases, Phase) else tuple(phases)
    order = _order(phases, steps)
    parameters = {name: value.detach().clone().requires_grad_() for name, value in start.items()}
    movers = [_Mover(phase, problem, parameters) for phase in phases]
    schedules = [CosineAnnealingLR(mover.optimiser, steps) for mover in movers] if cosine else []
    share = _share(problem, batch, samples)
    units = 3 * sum(phases[index].cost(share) for index in order) + sum(mover.updates(steps) for mover in movers)
    with warnings.catch_warnings(), problem.prepaid(starts_in(parameters, problem.shapes) * units):
        # every schedule follows the run's steps, also that of a phase whose first step has yet to come
        warnings.filterwarnings("ignore", message=r".*lr_scheduler\.step\(\)")
        for step, (index, indices) in enumerate(zip(order, _batches(problem, batch, samples, steps), strict=True)):
            if watch is not None and (watched is None or step in watched):
                watch(step, parameters)
            for mover in movers:
                mover.look(step)
            movers[index].move(step, indices)
            for schedule in schedules:
                schedule.step()
    return {name: value.detach() for name, value in parameters.items()}


class _Mover:
    """A phase at work: its optimiser, and the multipliers of its objective."""

    def __init__(self, phase: Phase, problem: Problem, parameters: dict[str, Tensor]) -> None:
        self.phase, self.problem, self.parameters = phase, problem, parameters
        self.optimiser = phase.rule(list(parameters.values()))
        self.data = phase.objective if isinstance(phase.objective, Objective) else None
        self.every = self.data.multipliers if self.data else None
        self.multipliers: Tensor | float = 0.0

    def updates(self, steps: int) -> int:
        """How often the multipliers move in this many steps."""
        return (steps - 1) // self.every if self.every else 0

    def look(self, step: int) -> None:
        """Move the multipliers where this step is due."""
        if self.data and self.every and step and step % self.every == 0:
            self.multipliers = self.data.updated(self.problem, self.parameters, self.multipliers)

    def move(self, step: int, indices: Tensor | None) -> None:
        """One gradient step."""
        self.optimiser.zero_grad()
        value = self._value(step, indices)
        value.sum().backward()
        if self.phase.clip is not None:
            shorten(self.parameters, self.phase.clip, value.dim())
        self.optimiser.step()

    def _value(self, step: int, indices: Tensor | None) -> Tensor:
        if self.data:
            return self.data.value(self.problem, self.parameters, indices, step, self.multipliers)
        assert not isinstance(self.phase.objective, Objective)
        return self.phase.objective(self.parameters, indices)


def _order(phases: Sequence[Phase], steps: int) -> list[int]:
    """The phase of each step."""
    order = [-1] * steps
    for index, phase in enumerate(phases):
        for step in (step for part in (phase.steps or (range(steps),)) for step in part):
            if not 0 <= step < steps or order[step] >= 0:
                raise ValueError(f"step {step} of {steps} is not that of one phase alone")
            order[step] = index
    if -1 in order:
        raise ValueError(f"step {order.index(-1)} of {steps} belongs to no phase")
    return order


def _share(problem: Problem, batch: int | None, samples: Tensor | None) -> float:
    """The share of all samples that a step sees."""
    if samples is not None:
        return len(samples) / problem.samples
    return 1.0 if batch is None else min(1.0, batch / problem.samples)


def _batches(problem: Problem, batch: int | None, samples: Tensor | None, steps: int) -> Iterator[Tensor | None]:
    if samples is None:
        yield from problem.minibatches(batch, steps)
    else:
        for _ in range(steps):
            yield samples.expand(problem.replicates, -1)


def shorten(parameters: Parameters, longest: float, lead: int) -> None:
    """Scale gradients down to a norm of `longest`, over the axes after the `lead` ones of replicate and start."""
    gradients = [value.grad for value in parameters.values() if value.grad is not None]
    # stacked on the last axis: a sum over the first one takes an order that depends on the batch
    norm = torch.stack([gradient.square().flatten(lead).sum(-1) for gradient in gradients], -1).sum(-1).sqrt()
    factor = (longest / norm).clamp_max(1)
    for gradient in gradients:
        gradient.mul_(factor.view(*factor.shape, *[1] * (gradient.dim() - lead)))


@dataclass
class Trace:
    """A watch that keeps the parameters at the steps at which it is called: `path`, by step."""

    path: dict[int, dict[str, Tensor]]

    def __call__(self, step: int, parameters: Parameters) -> None:
        self.path[step] = {name: value.detach().clone() for name, value in parameters.items()}
