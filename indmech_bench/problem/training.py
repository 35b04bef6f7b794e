"""The training loop that methods share: gradient steps on all replicates and starts at once."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.lr_scheduler import CosineAnnealingLR

from indmech_bench.errors import UnsupportedError
from indmech_bench.problem.engine.kernels.compiling import FUSED, PLAIN
from indmech_bench.problem.faces.curve import curve_steps
from indmech_bench.problem.faces.drawn import INDEX_BLOCK, each_step
from indmech_bench.problem.objective import Objective
from indmech_bench.problem.phase import Phase, order_of
from indmech_bench.problem.problem import Problem
from indmech_bench.scm.models.kernels import KernelModel
from indmech_bench.scm.parameters import Parameters, starts_in

Seen = tuple[Tensor | None, Tensor | None]
"""Indices of samples (None: all) and factors of label noise (None: none): (R, B, ...) of B steps, (R, ...) of one."""
Watch = Callable[[int, Parameters], None]
"""Shown a step and the parameters before it."""


def train(
    problem: Problem,
    start: Parameters,
    phases: Phase | Sequence[Phase],
    steps: int,
    *,
    batch: int | None = None,
    samples: Tensor | None = None,
    label_noise: float = 0.0,
    cosine: bool = True,
    watch: Watch | None = None,
    watched: Collection[int] | None = None,
) -> dict[str, Tensor]:
    """`steps` gradient steps from `start`, each by the phase whose step it is. Raises ValueError where that is unclear.

    Raises UnsupportedError for label noise on what are no periodograms.

    The whole cost is charged in advance. The sum over replicates is differentiated, so each replicate's gradient
    is its own: one that diverges stays alone.

    Args:
        problem: what is fitted.
        start: parameters (R, ...) or, with S starts, (R, S, ...).
        phases: what is minimised, by which rule, at which steps.
        steps: number of steps, all phases together.
        batch: samples of a minibatch, drawn anew at every step; None for the problem's own, which is all but
            for networks.
        samples: (m,) indices of the only samples that training sees, in place of minibatches; None for all.
        label_noise: s > 0 multiplies the mean periodogram that a step fits by exp(s z - s^2 / 2), z standard normal,
            anew at each step and frequency (v and -v have one): mean 1, standard deviation about s. A minibatch of m
            has the noise of s = (2 m)^(-1/2), which is spent on samples that come again. Objectives must be data.
        cosine: whether rates follow a cosine to 0 over all steps; otherwise they stay.
        watch: is shown the parameters before the steps in `watched`.
        watched: steps; None for every one.
    """
    phases = (phases,) if isinstance(phases, Phase) else tuple(phases)
    order = order_of(phases, steps)
    batch = problem.batch if batch is None else batch
    share = _share(problem, batch, samples)
    taken = np.bincount(order, minlength=len(phases))
    units = 3 * sum(float(count) * phase.cost(share) for count, phase in zip(taken, phases, strict=True))
    units += sum(_updates(phase, steps) for phase in phases)
    fitted = sum(int(count) for count, phase in zip(taken, phases, strict=True) if phase.fits)
    units += 3 * problem.nuisance_forwards * share * fitted
    own = range(steps if watch is not None else 0) if watched is None else watched
    looks, before, keeps = watch or _unwatched, problem.steps.total(), _keeps_curve(problem, start, phases)
    shown, looks = _with_curve(problem, before, steps, own, looks) if keeps else (own, looks)
    noise = _label_noise(problem, phases, label_noise, steps) if label_noise else ()
    blocks = itertools.zip_longest(_index_blocks(problem, batch, samples, steps), noise)
    with problem.prepaid(starts_in(start, problem.shapes) * units):
        if problem.engine is not None and problem.engine.knows(phases):
            problem.steps[FUSED] += steps
            ended = problem.engine.train(start, phases, order, blocks=blocks, cosine=cosine, watched=shown, watch=looks)
        else:
            problem.steps[PLAIN] += steps
            ended = _train_plainly(problem, start, phases, order, blocks, cosine, shown, looks)
    if keeps:
        problem.watch(before + steps, ended)
    return ended


def _keeps_curve(problem: Problem, start: Parameters, phases: Sequence[Phase]) -> bool:
    """Whether what is trained are the problem's own parameters, one start a replicate, and a curve is wanted.

    A function of one's own may train other parameters under these names.
    """
    own = all(isinstance(phase.objective, Objective) for phase in phases)
    return problem.curve is not None and own and all(v.dim() == 1 + len(problem.shapes[k]) for k, v in start.items())


def _with_curve(
    problem: Problem, before: int, steps: int, own: Collection[int], watch: Watch
) -> tuple[Collection[int], Watch]:
    """The steps to be looked at and who looks: `watch` at its `own`, the problem at those of its curve.

    Its curve counts the steps of all trainings, of which there were so many `before`.
    """
    points = {*curve_steps(steps)}

    def both(step: int, parameters: Parameters) -> None:
        if step in points:
            problem.watch(before + step, parameters)
        if step in own:
            watch(step, parameters)

    return {*own, *points}, both


def _train_plainly(
    problem: Problem,
    start: Parameters,
    phases: Sequence[Phase],
    order: NDArray[np.int64],
    blocks: Iterator[Seen],
    cosine: bool,
    watched: Collection[int],
    watch: Watch,
) -> dict[str, Tensor]:
    """The steps by autograd and torch's optimisers."""
    parameters = {name: value.detach().clone().requires_grad_() for name, value in start.items()}
    movers = [_Mover(phase, problem, parameters) for phase in phases]
    schedules = [CosineAnnealingLR(mover.optimiser, len(order)) for mover in movers] if cosine else []
    with warnings.catch_warnings():
        # every schedule follows the run's steps, also that of a phase whose first step has yet to come
        warnings.filterwarnings("ignore", message=r".*lr_scheduler\.step\(\)")
        for step, (index, seen) in enumerate(zip(order, _by_step(blocks, len(order)), strict=True)):
            if step in watched:
                watch(step, parameters)
            for mover in movers:
                mover.look(step)
            movers[index].move(step, seen)
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

    def look(self, step: int) -> None:
        """Move the multipliers where this step is due."""
        if self.data and self.every and step and step % self.every == 0:
            self.multipliers = self.data.updated(self.problem, self.parameters, self.multipliers)

    def move(self, step: int, seen: Seen) -> None:
        """One gradient step, after one of what is trained against the parameters."""
        if self.phase.fits:
            self.problem.update_nuisance(self.parameters, seen[0])
        self.optimiser.zero_grad()
        value = self._value(step, *seen)
        value.sum().backward()
        if self.phase.clip is not None:
            shorten(self.parameters, self.phase.clip, value.dim())
        self.optimiser.step()

    def _value(self, step: int, indices: Tensor | None, factors: Tensor | None) -> Tensor:
        if self.data:
            return self.data.value(self.problem, self.parameters, indices, step, self.multipliers, factors)
        assert not isinstance(self.phase.objective, Objective)
        return self.phase.objective(self.parameters, indices)


def _updates(phase: Phase, steps: int) -> int:
    """How often the multipliers of a phase move in this many steps."""
    every = phase.objective.multipliers if isinstance(phase.objective, Objective) else None
    return (steps - 1) // every if every else 0


def _share(problem: Problem, batch: int | None, samples: Tensor | None) -> float:
    """The share of all samples that a step sees."""
    if samples is not None:
        return len(samples) / problem.samples
    return 1.0 if batch is None else min(1.0, batch / problem.samples)


def _index_blocks(problem: Problem, batch: int | None, samples: Tensor | None, steps: int) -> Iterator[Tensor | None]:
    """Indices (R, B, m) of the samples of the next B steps, block after block; None: all samples at all steps."""
    if samples is None:
        yield from problem.minibatch_blocks(batch, steps)
    else:
        for begin in range(0, steps, INDEX_BLOCK):
            yield samples.expand(problem.replicates, min(INDEX_BLOCK, steps - begin), -1)


def _label_noise(problem: Problem, phases: Sequence[Phase], strength: float, steps: int) -> Iterator[Tensor]:
    """Factors (R, B, [E,] n // 2 + 1) on what the next B steps fit, block after block, as those of indices."""
    model = problem.model
    if not (problem.periodograms and isinstance(model, KernelModel)):
        raise UnsupportedError(f"label noise is for periodograms of samples, not for '{problem.kind}' here")
    if not all(isinstance(phase.objective, Objective) for phase in phases):
        raise ValueError("label noise needs objectives that are data")
    outputs = (model.environments,) if model.environments else ()

    def block(begin: int) -> Tensor:
        count = min(INDEX_BLOCK, steps - begin)
        drawn = problem.randn(f"label noise {begin}", count, *outputs, model.n // 2 + 1)
        return (strength * drawn - strength**2 / 2).exp()

    return map(block, range(0, steps, INDEX_BLOCK))


def _by_step(blocks: Iterator[Seen], steps: int) -> Iterator[Seen]:
    """What each of so many steps sees."""
    for indices, factors in blocks:
        # where both are None there is one block, of all steps
        yield from zip(each_step([indices], steps), each_step([factors], steps), strict=False)


def _unwatched(step: int, parameters: Parameters) -> None:
    """A watch that looks away."""


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
