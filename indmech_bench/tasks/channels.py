"""Channels: a hidden layer that one output adds up; rho averages over its channels (docs/theory.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from indmech_bench.registry.registration import register_task
from indmech_bench.scm.interventions import modulations
from indmech_bench.scm.models.channels import Channels
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.kernels import KernelTask, iid_kernels
from indmech_bench.tasks.sampling import check_mode, read_lengths, unit_power


@register_task("channels-4", version=1, channels=4)
@register_task("channels-16", version=1, channels=16)
@dataclass(frozen=True)
class ChannelsTask(KernelTask):
    """X = sum_c b_c * a_c * U_c, FIR kernels with iid Gaussian taps; modulation of all a_c at once.

    rho = sum_c <P_c R_c> / sum_c <P_c> <R_c> concentrates at 1 as channels are added, with short kernels too; the
    solutions become a continuum, since only the sum of the channels' spectra is seen.

    observation: spectrum, or samples (256 of them).
    taps: lengths of the kernels of layers 1 and 2, 2 or more each.
    channels: how many there are.
    Source: docs/theory.md, channels and dimension.
    """

    family: ClassVar[str] = "channels"
    intervention: ClassVar[str] = "modulation of layer 1"
    genericity: ClassVar[str] = "modulation of layer 1"
    solutions: ClassVar[str] = "continuum"
    independence: ClassVar[str] = "drawn independently"
    n: ClassVar[int] = 64
    ranges: ClassVar[dict[str, str]] = {"channels": "[1, 64]"}

    observation: str = "spectrum"
    taps: str = "9x5"
    channels: int = 4

    @property
    def model(self) -> Channels:
        first, second = read_lengths(self.taps, 2)
        return Channels((first, second), self.channels, self.n)

    def check(self) -> None:
        check_mode(self.observation, self.model.lengths, self.n, ("spectrum", "samples"))

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        return unit_power(self.model, modulations(self.n), iid_kernels(self.model, streams))
