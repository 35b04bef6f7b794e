"""Fork: two sources meet in one mechanism, the smallest causal graph that is no chain (docs/theory.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from indmech_bench.registry.registration import register_task
from indmech_bench.scm.interventions import modulations
from indmech_bench.scm.models.fork import Fork
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.kernels import KernelTask, iid_kernels
from indmech_bench.tasks.sampling import check_mode, read_lengths, unit_power


@register_task("fork", version=1)
@dataclass(frozen=True)
class ForkTask(KernelTask):
    """X = k3 * (k1 * U1 + k2 * U2), FIR kernels with iid Gaussian taps; modulation of k1.

    observation: spectrum, or samples (256 of them).
    taps: lengths L1xL2xL3, 2 or more each.
    Source: docs/theory.md, fork.
    """

    family: ClassVar[str] = "fork"
    intervention: ClassVar[str] = "modulation of k1"
    genericity: ClassVar[str] = "modulation, of each k"
    solutions: ClassVar[str] = "continuum"
    independence: ClassVar[str] = "drawn independently"
    n: ClassVar[int] = 64

    observation: str = "spectrum"
    taps: str = "7x5x5"

    @property
    def model(self) -> Fork:
        first, second, third = read_lengths(self.taps, 3)
        return Fork((first, second, third), self.n)

    def check(self) -> None:
        first, second, third = self.model.lengths
        check_mode(self.observation, (max(first, second), third), self.n, ("spectrum", "samples"))

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        return unit_power(self.model, modulations(self.n), iid_kernels(self.model, streams))
