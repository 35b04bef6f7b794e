"""Independence enforced on a trained network: its outputs distilled into a copy whose layers are pulled to rho = 1.

With controls that enforce something else as hard. Prior claim under test: Besserve, Sun, Janzing, Schoelkopf (AAAI
2021), that independence of mechanisms should be enforced while training, to extrapolate.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR

from indmech_bench.errors import InputError
from indmech_bench.networks.hidden.stretching import StretchedLevel, measured_levels
from indmech_bench.networks.kernels import kernels_of
from indmech_bench.networks.layers import LayerPair, find_pairs
from indmech_bench.networks.maps_seen import evaluated
from indmech_bench.scm.generators.measures import relative_error
from indmech_bench.scm.images.autocorrelations import channel_ratios, re_pairing_orders

AIMS = ("rho = 1", "log rho doubled", "wrong pairs")
"""log rho_j = 0 in every channel; the controls: twice what it was; log rho_j = 0 with channels re-paired.

Without an aim nothing moves: a copy that starts where it is to end has no gradient.
"""


@dataclass(frozen=True)
class Enforced:
    """What became of a network under one aim, in one training.

    fit: |x - y|^2 / |y - mean y|^2 of its outputs x on inputs that were not trained on, y the original's. log_rho: mean
    over pairs of the mean over channels; rms_log_rho: root of the mean over pairs of the mean square over channels.
    levels: what stretches of its hidden maps make. training: counted from 1.
    """

    aim: str
    fit: float
    log_rho: float
    rms_log_rho: float
    levels: tuple[StretchedLevel, ...]
    training: int = 1


def enforced(
    module: nn.Module,
    draw: Callable[[str, int], Tensor],
    *,
    steps: int = 150,
    batch: int = 8,
    strength: float = 10.0,
    learning_rate: float = 3e-4,
    factor: float = 1.5,
    held_out: int = 64,
    aims: Sequence[str] = AIMS,
    trainings: int = 1,
) -> list[Enforced]:
    """The network as it is (`as trained`), then a line for each training of each aim.

    Raises InputError where no layers can be paired.

    Minimised by Adam, cosine schedule: |x - y|^2 / |y - mean y|^2 of a batch + strength * sum over pairs of mean_j
        (log rho_j - aim_j)^2, in
    evaluation mode (batch normalisation keeps its statistics). All aims see the same batches. Trainings differ in
    nothing but their batches, from streams of the training's own name.

    Args:
        module: a generator, which is left as it is.
        draw: (name of a stream, count) -> inputs; the same for the same name.
        steps, batch, learning_rate: of the training.
        strength: of the aim.
        factor: of the stretch that is measured.
        held_out: inputs that fit and stretches are measured on.
        aims: of AIMS.
        trainings: of each aim; all start from the network as it is.
    """
    pairs = [pair for pair in find_pairs(module)[0] if not isinstance(kernels_of(module, pair), str)]
    if not pairs:
        raise InputError("no two layers of this network can be paired: there is nothing to enforce.")
    apart = (draw("held out", held_out),)
    found = [_measured("as trained", module, module, pairs, apart, factor)]
    for aim, training in itertools.product(aims, range(1, trainings + 1)):
        student = _trained(module, pairs, aim, _batches_of(training, draw), steps, batch, strength, learning_rate)
        found.append(replace(_measured(aim, student, module, pairs, apart, factor), training=training))
    return found


def _batches_of(training: int, draw: Callable[[str, int], Tensor]) -> Callable[[str, int], Tensor]:
    """Inputs of one training; the first one's streams are called as those of a training that is alone."""
    return draw if training == 1 else lambda stream, count: draw(f"training {training}, {stream}", count)


def _trained(
    module: nn.Module,
    pairs: Sequence[LayerPair],
    aim: str,
    draw: Callable[[str, int], Tensor],
    steps: int,
    batch: int,
    strength: float,
    learning_rate: float,
) -> nn.Module:
    student = copy.deepcopy(module).eval().requires_grad_(True)
    penalty = _penalty(student, pairs, aim)
    optimiser = torch.optim.Adam(student.parameters(), lr=learning_rate)
    schedule = CosineAnnealingLR(optimiser, steps)
    for step in range(steps):
        inputs = draw(f"step {step}", batch)
        with evaluated(module):
            targets = module(inputs)
        spread = (targets - targets.mean(0, keepdim=True)).square().sum()
        loss = (student(inputs) - targets).square().sum() / spread
        optimiser.zero_grad()
        (loss + strength * penalty()).backward()
        optimiser.step()
        schedule.step()
    return student.requires_grad_(False)


def _penalty(student: nn.Module, pairs: Sequence[LayerPair], aim: str) -> Callable[[], Tensor]:
    """sum over pairs of mean_j (log rho_j - aim_j)^2 of the student as it is when called."""
    with torch.no_grad():
        before = log_ratios(student, pairs)
    orders: list[Tensor | None] = [None] * len(pairs)
    goals = [torch.zeros_like(ratios) for ratios in before]
    if aim == "log rho doubled":
        goals = [2 * ratios for ratios in before]
    elif aim == "wrong pairs":
        orders = [re_pairing_orders(len(ratios), 1)[0] for ratios in before]
    elif aim != "rho = 1":
        raise ValueError(f"'{aim}' is none of {AIMS}")

    def penalty() -> Tensor:
        now = log_ratios(student, pairs, orders)
        return torch.stack([(one - goal).square().mean() for one, goal in zip(now, goals, strict=True)]).sum()

    return penalty


def log_ratios(module: Any, pairs: Sequence[LayerPair], orders: Sequence[Tensor | None] = ()) -> list[Tensor]:
    """log rho_j of every pair's hidden channels, (H,) each; the second layer's channels in another order if given."""
    found = []
    for pair, order in zip(pairs, orders or [None] * len(pairs), strict=True):
        kernels = kernels_of(module, pair, torch.float32)
        assert not isinstance(kernels, str)
        second = kernels.second if order is None else kernels.second[order]
        found.append(channel_ratios(kernels.first, second, kernels.stride, kernels.direction).log())
    return found


def _measured(
    aim: str,
    student: nn.Module,
    module: nn.Module,
    pairs: Sequence[LayerPair],
    inputs: tuple[Tensor],
    factor: float,
) -> Enforced:
    with evaluated(module), evaluated(student):
        fit = relative_error(student(*inputs), module(*inputs))
        ratios = log_ratios(student, pairs)
    mean = torch.stack([each.mean() for each in ratios]).mean()
    square = torch.stack([each.square().mean() for each in ratios]).mean()
    levels = tuple(measured_levels(student, inputs, factor))
    return Enforced(aim, fit, float(mean), float(square.sqrt()), levels)
