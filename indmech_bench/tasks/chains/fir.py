"""FIR cascade: two short real kernels, seen through their convolution (docs/theory.md).

The composite kernel has finitely many factorisations: its zeros are shared out between the mechanisms. All fit
perfectly; they differ in what they predict when mechanism 1 is modulated. That makes the family the microscope of
the suite: everything about it is known exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from indmech_bench.errors import InputError, TruthNotFoundError, UnsupportedError
from indmech_bench.registry.registration import register_task
from indmech_bench.scm.factorisation import Array, count_solutions
from indmech_bench.scm.interventions import modulations
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.solution_lists import LIMIT, enumerate_solutions
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.kernels import KernelTask
from indmech_bench.tasks.sampling import (
    check_mode,
    dependent,
    each,
    moved_by_modulation,
    normal,
    read_lengths,
    show_kernels,
    unit_power,
)
from indmech_bench.tasks.truth import Truth


@register_task("fir-natural", version=1)
@register_task("fir-graded", version=1, independence="to within 0.05", spread=0.05)
@register_task("fir-generic", version=1, independence="exactly", dependence=0.0)
@register_task("fir-dependent-plus", version=1, independence="no, log rho = 0.4", dependence=0.4)
@register_task("fir-dependent-minus", version=1, independence="no, log rho = -1", dependence=-1.0)
@register_task("fir-spectrum", version=1, observation="spectrum")
@register_task("fir-samples", version=1, observation="samples")
@register_task("fir-noisy-40", version=1, noise=40.0)
@register_task("fir-noisy-20", version=1, noise=20.0)
@register_task("fir-length-5x3", version=1, solutions="finite, median 4", taps="5x3")
@register_task("fir-length-13x9", version=1, solutions="finite, median 434", taps="13x9")
@register_task("fir-length-17x9", version=1, solutions="finite, thousands", taps="17x9")
@register_task("fir-overparameterised", version=1, solutions="finite, hundreds", learner="11x7")
@register_task("fir-swap", version=1, solutions="finite, in pairs that tie", taps="7x7")
@dataclass(frozen=True)
class FirTask(KernelTask):
    """Two FIR kernels with iid Gaussian taps, modulation of the first.

    observation: impulse (the composite kernel), spectrum, or samples (256 of them).
    taps: lengths L1xL2 of the truth, 2 or more each, L1 + L2 - 1 at most n = 64.
    learner: lengths of the learner's kernels, at least those of the truth; none for the same.
    dependence: log rho that every truth has to within `tolerance`; none leaves the draw as it is.
    spread: standard deviation of log rho around `dependence` (or 0); each truth meets its own goal to `tolerance`.
    noise: signal-to-noise ratio in dB of white noise on the observed impulse; none for no noise.
    Kernels of equal length (fir-swap) can be exchanged: the truth and its swap tie under every criterion on rho.
    Source: Besserve et al. (AAAI 2021), convolutional example; docs/theory.md, FIR cascade.
    """

    family: ClassVar[str] = "fir"
    intervention: ClassVar[str] = "modulation of k1"
    genericity: ClassVar[str] = "modulation of k1"
    solutions: ClassVar[str] = "finite, median 31"
    independence: ClassVar[str] = "drawn independently"
    n: ClassVar[int] = 64
    natural: ClassVar[dict[str, Any]] = {"dependence": None, "spread": 0.0}
    ranges: ClassVar[dict[str, str]] = {"spread": "[0, inf)", "tolerance": "(0, inf)"}

    observation: str = "impulse"
    taps: str = "9x5"
    learner: str | None = None
    dependence: float | None = None
    spread: float = 0.0
    tolerance: float = 0.001
    noise: float | None = None

    @property
    def lengths(self) -> tuple[int, int]:
        """Lengths of the truth's kernels."""
        first, second = read_lengths(self.taps, 2)
        return first, second

    @property
    def model(self) -> ConvolutionCascade:
        return ConvolutionCascade(read_lengths(self.learner or self.taps, 2), self.n)

    def check(self) -> None:
        """Lengths that make sense together, then whether the dependence can be reached: a first truth is drawn."""
        lengths, learner = self.lengths, self.model.lengths
        check_mode(self.observation, learner, self.n)
        if any(learnt < true for learnt, true in zip(learner, lengths, strict=True)):
            raise InputError(f"learner '{self.learner}' must have at least the taps {self.taps} of the truth.")
        if self.noise is not None and not self.phase:
            raise InputError(f"noise {self.noise} dB is for the observation 'impulse', not '{self.observation}'.")
        if self.dependence is not None:
            # <P1 P2> <= max(P_k) <P_j> and max(P_k) <= L_k <P_k> (Cauchy-Schwarz on the taps)
            bound = math.log(min(lengths))
            if self.dependence - self.tolerance >= bound:
                raise InputError(
                    f"dependence {self.dependence} cannot be reached: log rho of taps {self.taps} is below {bound:.3f}."
                )
            try:
                self.sample(Streams((b"can the dependence be reached",)))
            except TruthNotFoundError as error:
                raise InputError(f"{error}") from None

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        return unit_power(self.model, modulations(self.n), self.draw(streams))

    def draw(self, streams: Streams) -> dict[str, Tensor]:
        """iid Gaussian taps (R, L_k), kept where they meet the task's condition and the interventions move them."""

        def draw_row(generator: np.random.Generator) -> dict[str, Tensor]:
            return dependent(
                generator, self.draw_taps, self.model, self._moves, self.dependence, self.spread, self.tolerance
            )

        return each(streams, draw_row)

    def draw_taps(self, generator: np.random.Generator, size: int) -> dict[str, Tensor]:
        """Candidates (size, L_k) from the prior, of the learner's lengths."""
        shapes = self.model.shapes.items()
        return {
            name: pad(piece, (0, length - piece.shape[-1]))
            for (name, (length,)), piece in zip(shapes, self.prior_taps(generator, size), strict=True)
        }

    def prior_taps(self, generator: np.random.Generator, size: int) -> Sequence[Tensor]:
        """Taps (size, L_k) of the truth's lengths: iid standard normal."""
        return normal(generator, size, sum(self.lengths)).split(self.lengths, -1)

    def _moves(self, pairs: dict[str, Tensor]) -> Tensor:
        return moved_by_modulation(self.model, pairs)

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Observation:
        return show_kernels(self.model, parameters, self.observation, streams, self.noise)

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        """log rho; where solutions can be counted their number and, where listed, the largest log rho among them."""
        facts = super().facts(truth)
        try:
            composites = [*truth.composites()]
        except UnsupportedError:
            return facts
        first, second = self.model.lengths
        counts = [count_solutions(composite, (first, second)) for composite in composites]
        largest = [
            None if count > LIMIT else self._largest_ratio(composite)
            for count, composite in zip(counts, composites, strict=True)
        ]
        return {**facts, "solutions": counts, "largest_log_generic_ratio": largest}

    def _largest_ratio(self, composite: Array) -> float:
        """The largest log rho of all solutions."""
        first, second = self.model.lengths
        pair = map(torch.from_numpy, enumerate_solutions(composite, (first, second)))
        return float(self.model.log_generic_ratio(dict(zip(self.model.names, pair, strict=True))).max())
