"""FIR cascade: two short real kernels, seen through their convolution (THEORY 3.1).

The composite kernel has finitely many factorisations: its zeros are shared out between the mechanisms. All fit
perfectly; they differ in what they predict when mechanism 1 is modulated. That makes the family the microscope of
the suite: everything about it is known exactly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from indmech_bench.divergences import movement
from indmech_bench.enumeration import LIMIT, count_solutions
from indmech_bench.errors import InputError, TruthNotFoundError
from indmech_bench.models.convolution import ConvolutionCascade
from indmech_bench.observations import Impulse
from indmech_bench.parameters import Parameters
from indmech_bench.randomness import Streams
from indmech_bench.registry import register_task
from indmech_bench.truth import Truth

BLOCKS = (1, 256, 4096)
"""Sizes of the blocks of candidate pairs in rejection sampling; the last repeats."""
MAX_PAIRS = 2_000_000


@register_task("fir-natural", version=1)
@register_task("fir-graded", version=1, spread=0.05)
@register_task("fir-generic", version=1, dependence=0.0)
@register_task("fir-dependent-plus", version=1, dependence=0.4)
@register_task("fir-dependent-minus", version=1, dependence=-1.0)
@dataclass(frozen=True)
class Fir:
    """Two FIR kernels with iid Gaussian taps, composite kernel observed, modulation of the first.

    taps: lengths L1xL2, 2 or more each, L1 + L2 - 1 at most n = 64.
    dependence: log rho that every truth has to within `tolerance`; none leaves the draw as it is.
    spread: standard deviation of log rho around `dependence` (or 0); each truth meets its own goal to `tolerance`.
    noise: signal-to-noise ratio in dB of white noise on the observed kernel; none for no noise.
    Source: Besserve et al. (AAAI 2021), convolutional example; THEORY 3.1.
    """

    family: ClassVar[str] = "fir"
    observation: ClassVar[str] = "impulse"
    intervention: ClassVar[str] = "modulation of k1"
    genericity: ClassVar[str] = "modulation of k1"
    solutions: ClassVar[str] = "finite"
    n: ClassVar[int] = 64
    ranges: ClassVar[dict[str, str]] = {"spread": "[0, inf)", "tolerance": "(0, inf)"}

    taps: str = "9x5"
    dependence: float | None = None
    spread: float = 0.0
    tolerance: float = 0.001
    noise: float | None = None

    @property
    def lengths(self) -> tuple[int, int]:
        match = re.fullmatch(r"(\d{1,4})x(\d{1,4})", self.taps)
        if match is None:
            raise InputError(f"taps '{self.taps}' must be two lengths such as 9x5.")
        return int(match[1]), int(match[2])

    @property
    def model(self) -> ConvolutionCascade:
        return ConvolutionCascade(self.lengths, self.n, intervened=0)

    def check(self) -> None:
        """Lengths that make sense together, then whether the dependence can be reached: a first truth is drawn."""
        first, second = self.lengths
        if min(first, second) < 2:
            raise InputError(f"taps '{self.taps}' must be 2 or more each: a kernel of one tap has no shape.")
        if first + second - 1 > self.n:
            raise InputError(
                f"taps '{self.taps}' give a composite of {first + second - 1} taps, longer than the signal of {self.n}."
            )
        if self.dependence is not None:
            # <P1 P2> <= max(P_k) <P_j> and max(P_k) <= L_k <P_k> (Cauchy-Schwarz on the taps)
            bound = math.log(min(first, second))
            if self.dependence - self.tolerance >= bound:
                raise InputError(
                    f"dependence {self.dependence} cannot be reached: log rho of taps {self.taps} is below {bound:.3f}."
                )
            try:
                self.sample(Streams((b"can the dependence be reached",)))
            except TruthNotFoundError as error:
                raise InputError(f"{error}") from None

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        return self.normalise(self.draw(streams))

    def draw(self, streams: Streams) -> dict[str, Tensor]:
        """iid Gaussian taps (R, L_k), kept where they meet the task's condition and the interventions move them."""
        rows = [self._draw_one(generator) for generator in streams.generators("taps")]
        return {name: torch.cat([row[name] for row in rows]) for name in self.model.names}

    def _draw_one(self, generator: np.random.Generator) -> dict[str, Tensor]:
        goal = self.dependence
        if self.spread:
            goal = (goal or 0.0) + self.spread * float(generator.standard_normal())
        drawn = 0
        for size in self._blocks():
            block = torch.from_numpy(generator.standard_normal((size, sum(self.lengths))))
            pairs = dict(zip(self.model.names, block.split(self.lengths, -1), strict=True))
            keep = self._moves(pairs)
            if goal is not None:
                keep &= (self.model.log_generic_ratio(pairs) - goal).abs() < self.tolerance
            found = keep.nonzero()
            if len(found):
                return {name: value[found[0]].clone() for name, value in pairs.items()}
            drawn += size
        raise TruthNotFoundError(
            f"no pair of kernels with taps {self.taps} came within {self.tolerance} of log rho = {goal:.4g} "
            f"in {drawn:,} draws; give a dependence nearer 0 or a larger tolerance."
        )

    @staticmethod
    def _blocks() -> Iterator[int]:
        yield from BLOCKS
        for _ in range(MAX_PAIRS // BLOCKS[-1]):
            yield BLOCKS[-1]

    def _moves(self, pairs: Parameters) -> Tensor:
        """Whether the interventions move the law by at least 1 % of its power on average."""
        P, R = self.model.powers(pairs)
        return movement(P, R) >= 0.01 * (self.n - 1) * (P * R).mean(-1)

    def normalise(self, parameters: Parameters) -> dict[str, Tensor]:
        """Divide mechanism 1 by the root of the output's mean power, so that the power does not give rho away."""
        P, R = self.model.powers(parameters)
        return self.model.rescale(parameters, 1 / (P * R).mean(-1).sqrt())

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Impulse:
        kernel = torch.fft.irfft(self.model.composite(parameters), n=self.n)
        if self.noise is None:
            return Impulse(self.model, kernel)
        share = 10 ** (-self.noise / 10)
        noisy = kernel + math.sqrt(share / self.n) * streams.randn("noise", self.n)
        return Impulse(self.model, noisy, noise_share=share / (1 + share))

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        """log rho; the number of solutions; the largest log rho among them (None where they are too many to list)."""
        counts = [count_solutions(composite, self.lengths) for composite in truth.composites()]
        largest = [
            None if count > LIMIT else float(self.model.log_generic_ratio(truth.solutions(composite)).max())
            for count, composite in zip(counts, truth.composites(), strict=True)
        ]
        return {
            "log_generic_ratio": self.model.log_generic_ratio(truth.parameters).tolist(),
            "solutions": counts,
            "largest_log_generic_ratio": largest,
        }
