"""Deep cascade: three or five short kernels, one task for each mechanism that may be intervened on (docs/theory.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench.errors import InputError
from indmech_bench.registry.registration import register_task
from indmech_bench.scm.interventions import modulations
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.kernels import KernelTask, iid_kernels
from indmech_bench.tasks.sampling import check_mode, read_lengths, unit_power
from indmech_bench.tasks.truth import Truth


@register_task("deep-3-k1", version=1, taps="7x5x3", intervention="modulation of k1", mechanism=1)
@register_task("deep-3-k2", version=1, taps="7x5x3", intervention="modulation of k2", mechanism=2)
@register_task("deep-3-k3", version=1, taps="7x5x3", intervention="modulation of k3", mechanism=3)
@register_task("deep-5-k1", version=1, taps="5x4x4x3x3", intervention="modulation of k1", mechanism=1)
@register_task("deep-5-k2", version=1, taps="5x4x4x3x3", intervention="modulation of k2", mechanism=2)
@register_task("deep-5-k3", version=1, taps="5x4x4x3x3", intervention="modulation of k3", mechanism=3)
@register_task("deep-5-k4", version=1, taps="5x4x4x3x3", intervention="modulation of k4", mechanism=4)
@register_task("deep-5-k5", version=1, taps="5x4x4x3x3", intervention="modulation of k5", mechanism=5)
@dataclass(frozen=True)
class DeepCascadeTask(KernelTask):
    """K FIR kernels with iid Gaussian taps, modulation of one of them; each mechanism has a rho of its own.

    observation: impulse, spectrum, or samples (256 of them).
    taps: lengths L1x...xLK, 2 or more each, the composite at most n = 64 taps.
    mechanism: the mechanism that is intervened on, 1 to K.
    Source: docs/theory.md, deep cascade.
    """

    family: ClassVar[str] = "deep-cascade"
    intervention: ClassVar[str] = "modulation of one k"
    genericity: ClassVar[str] = "modulation, of each k"
    solutions: ClassVar[str] = "finite"
    independence: ClassVar[str] = "drawn independently"
    n: ClassVar[int] = 64
    ranges: ClassVar[dict[str, str]] = {"mechanism": "[1, inf)"}

    observation: str = "impulse"
    taps: str = "7x5x3"
    mechanism: int = 1

    @property
    def model(self) -> ConvolutionCascade:
        return ConvolutionCascade(read_lengths(self.taps), self.n, self.mechanism - 1)

    def check(self) -> None:
        lengths = read_lengths(self.taps)
        check_mode(self.observation, lengths, self.n)
        if self.mechanism > len(lengths):
            raise InputError(f"mechanism {self.mechanism} does not exist: taps {self.taps} are {len(lengths)} kernels.")

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        return unit_power(self.model, modulations(self.n), iid_kernels(self.model, streams))

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        """log rho of the intervened mechanism, and the sum of |log rho_k| over all."""
        total = self.model.log_generic_ratios(truth.parameters).abs().sum(-1)
        return {
            **super().facts(truth),
            "summed_log_generic_ratios": torch.as_tensor(total).tolist(),
        }
