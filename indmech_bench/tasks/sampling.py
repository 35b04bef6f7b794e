"""What tasks share: drawing truths that meet a condition, and showing them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from indmech_bench.errors import InputError, TruthNotFoundError, unknown
from indmech_bench.scm.divergences import movement
from indmech_bench.scm.interventions import Family
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.models.environments import SharedConvolution
from indmech_bench.scm.models.kernels import KernelModel
from indmech_bench.scm.models.protocol import Model
from indmech_bench.scm.observations.fitting import FLOOR, SAMPLES
from indmech_bench.scm.observations.impulse import Impulse
from indmech_bench.scm.observations.samples import Samples, draw_samples
from indmech_bench.scm.observations.spectrum import Spectrum
from indmech_bench.scm.parameters import Parameters
from indmech_bench.scm.streams import Streams

BLOCKS = (1, 256, 4096)
"""Sizes of the blocks of candidates in rejection sampling; the last repeats."""
MAX_DRAWS = 2_000_000
MOVES = 0.01
"""Least mean divergence that interventions cause, relative to the power: truths that hardly move are redrawn."""
MODES = ("impulse", "spectrum", "samples")

Draw = Callable[[np.random.Generator, int], dict[str, Tensor]]
"""Candidates (size, ...) from a generator."""


def normal(generator: np.random.Generator, *shape: int) -> Tensor:
    """Standard normal numbers as a float64 tensor."""
    return torch.from_numpy(generator.standard_normal(shape))


def each(streams: Streams, draw: Callable[[np.random.Generator], dict[str, Tensor]]) -> dict[str, Tensor]:
    """One draw a replicate, (1, ...) each, one below the other."""
    rows = [draw(generator) for generator in streams.generators("taps")]
    return {name: torch.cat([row[name] for row in rows]) for name in rows[0]}


def _blocks() -> Iterator[int]:
    yield from BLOCKS
    for _ in range(MAX_DRAWS // BLOCKS[-1]):
        yield BLOCKS[-1]


def first_that(
    generator: np.random.Generator, draw: Draw, keep: Callable[[dict[str, Tensor]], Tensor], wanted: str
) -> dict[str, Tensor]:
    """The first candidate (1, ...) that is kept. Raises TruthNotFoundError after two million draws.

    Args:
        generator: of the replicate.
        draw: (generator, size) -> candidates (size, ...).
        keep: candidates -> bool (size,).
        wanted: what is kept, for the error's sentence.
    """
    drawn = 0
    for size in _blocks():
        candidates = draw(generator, size)
        found = keep(candidates).nonzero()
        if len(found):
            return {name: value[found[0]].clone() for name, value in candidates.items()}
        drawn += size
    raise TruthNotFoundError(f"no draw came {wanted} in {drawn:,}; give a dependence nearer 0 or a larger tolerance.")


def dependent(
    generator: np.random.Generator,
    draw: Draw,
    model: Model,
    moves: Callable[[dict[str, Tensor]], Tensor],
    dependence: float | None,
    spread: float,
    tolerance: float,
) -> dict[str, Tensor]:
    """A truth (1, ...) that interventions move, its log rho within `tolerance` of its goal where there is one.

    Raises TruthNotFoundError.

    Args:
        generator: of the replicate.
        draw: (generator, size) -> candidates (size, ...).
        model: whose log rho it is.
        moves: whether interventions move candidates, bool (size,).
        dependence: the goal, None for none.
        spread: where it is not 0, the goal is N(dependence or 0, spread^2).
        tolerance: how far log rho may be from the goal.
    """
    goal = dependence
    if spread:
        goal = (goal or 0.0) + spread * float(generator.standard_normal())

    def keep(candidates: dict[str, Tensor]) -> Tensor:
        kept = moves(candidates)
        if goal is not None:
            kept = kept & ((model.log_generic_ratio(candidates) - goal).abs() < tolerance)
        return kept

    return first_that(generator, draw, keep, f"within {tolerance} of log rho = {goal}" if goal is not None else "")


def moved_by(model: Model, family: Family) -> Callable[[dict[str, Tensor]], Tensor]:
    """Whether the interventions move a law by at least 1 % of its power on average, law by law."""

    def moves(candidates: dict[str, Tensor]) -> Tensor:
        law = model.laws(candidates)
        observed = law(family.identity)
        moved = torch.stack([model.geometry.divergence(law(g), observed) for g in family.scored]).mean(0)
        return moved >= MOVES * model.geometry.power(observed)

    return moves


def moved_by_modulation(model: ConvolutionCascade, candidates: dict[str, Tensor]) -> Tensor:
    """The same for all modulations of a chain's mechanism, in closed form."""
    P, R, _ = model.parts(candidates)
    return movement(P, R) >= MOVES * (model.n - 1) * (P * R).mean(-1)


def unit_power(model: Model, family: Family, parameters: Parameters) -> dict[str, Tensor]:
    """Divide the first mechanism by the root of the output's mean power, so that the power does not give rho away."""
    power = model.geometry.power(model.law(parameters, family.identity))
    return model.rescale(parameters, 1 / power.sqrt())


def read_lengths(taps: str, count: int | None = None) -> tuple[int, ...]:
    """`9x5` -> (9, 5). Raises InputError unless there are `count` lengths of 2 or more."""
    if re.fullmatch(r"\d{1,4}(x\d{1,4})+", taps) is None or (count and taps.count("x") != count - 1):
        example = "x".join(map(str, (9, 5, 3)[: count or 3]))
        raise InputError(f"taps '{taps}' must be {count or 'some'} lengths such as {example}.")
    lengths = tuple(map(int, taps.split("x")))
    if min(lengths) < 2:
        raise InputError(f"taps '{taps}' must be 2 or more each: a kernel of one tap has no shape.")
    return lengths


def check_mode(observation: str, lengths: Sequence[int], n: int, modes: Sequence[str] = MODES) -> None:
    """Raises InputError for an observation that is not known or that these lengths do not allow.

    Args:
        observation: the word that was given.
        lengths: of the kernels, in taps.
        n: length of the signal.
        modes: the words that the task knows.
    """
    if observation not in modes:
        raise unknown("observation", observation, modes)
    composite = sum(lengths) - len(lengths) + 1
    if composite > n:
        raise InputError(f"taps {lengths} give a composite of {composite} taps, longer than the signal of {n}.")
    if observation != "impulse" and 2 * composite - 1 > n:
        raise InputError(f"taps {lengths} give an autocorrelation of {2 * composite - 1} taps, longer than {n}.")


def show_kernels(
    model: KernelModel,
    parameters: dict[str, Tensor],
    observation: str,
    streams: Streams,
    noise: float | None = None,
    floor: float = FLOOR,
) -> Impulse | Spectrum | Samples:
    """Impulse, spectrum or samples of a law.

    Args:
        model: of the kernels.
        parameters: true kernels (R, L_k), output of mean power 1.
        observation: `impulse`, `spectrum` or `samples`.
        streams: of the truth, for samples and noise.
        noise: signal-to-noise ratio in dB of white noise on the impulse; None for no noise.
        floor: power of the known white noise in every sample.
    """
    if observation == "impulse":
        if not isinstance(model, ConvolutionCascade | SharedConvolution):
            raise TypeError(f"{type(model).__name__} has no composite kernel")
        kernel = model.impulse(parameters)
        if noise is None:
            return Impulse(model, kernel)
        share = 10 ** (-noise / 10)
        noisy = kernel + math.sqrt(share / model.n) * streams.randn("noise", *kernel.shape[1:])
        return Impulse(model, noisy, noise_share=share / (1 + share))
    spectrum = model.half_spectrum(parameters)
    if observation == "spectrum":
        return Spectrum(model, spectrum)
    normals = streams.randn("samples", *spectrum.shape[1:-1], SAMPLES, model.n, 2)
    return draw_samples(model, spectrum, normals, floor)
