"""Environments that share a mechanism: the sparse mechanism shift identifies it (docs/theory.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from indmech_bench.registry.registration import register_task
from indmech_bench.scm.interventions import modulations
from indmech_bench.scm.models.convolution import ConvolutionCascade, deconvolve
from indmech_bench.scm.models.environments import SharedConvolution
from indmech_bench.scm.parameters import Parameters
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.kernels import KernelTask, iid_kernels
from indmech_bench.tasks.sampling import check_mode, read_lengths, unit_power
from indmech_bench.tasks.truth import Truth


@register_task("environments-1", version=1, solutions="finite, median 31", environments=1)
@register_task("environments-2", version=1, environments=2)
@register_task("environments-4", version=1, environments=4)
@dataclass(frozen=True)
class EnvironmentsTask(KernelTask):
    """E environments with a k1 each and one k2, FIR kernels with iid Gaussian taps; modulation of k1 everywhere.

    k2 is the common divisor of the composites, unless the k1 share a zero. `transfer_error` is the extrapolation
    error in a further environment for which only a new k1 is fitted.

    observation: impulse, spectrum, or samples (256 of them in each environment).
    taps: lengths L1xL2 of k1 and k2, 2 or more each.
    environments: how many there are; with one, this is `fir-natural`.
    Source: docs/theory.md, environments.
    """

    family: ClassVar[str] = "environments"
    intervention: ClassVar[str] = "modulation of k1, in all environments"
    genericity: ClassVar[str] = "modulation of k1, in each environment"
    solutions: ClassVar[str] = "one"
    independence: ClassVar[str] = "drawn independently"
    n: ClassVar[int] = 64
    ranges: ClassVar[dict[str, str]] = {"environments": "[1, 64]"}

    observation: str = "impulse"
    taps: str = "9x5"
    environments: int = 2

    @property
    def lengths(self) -> tuple[int, int]:
        first, second = read_lengths(self.taps, 2)
        return first, second

    @property
    def model(self) -> SharedConvolution:
        return SharedConvolution(self.lengths, self.n, self.environments)

    def check(self) -> None:
        check_mode(self.observation, self.lengths, self.n)

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        drawn = iid_kernels(self.model, streams)
        power = self.model.mean(self.model.half_spectrum(drawn))
        return self.model.rescale(drawn, 1 / power.sqrt())

    def transfer(
        self, truth: Truth, parameters: Parameters, streams: Streams
    ) -> tuple[Truth, dict[str, Tensor]] | None:
        """A new environment, and (k, k2_hat) with k the least-squares fit to its composite; None without its phase."""
        if not self.phase:
            return None
        family, cascade = modulations(self.n), ConvolutionCascade(self.lengths, self.n)
        new = {"k1": streams.randn("held-out environment", self.lengths[0]), "k2": truth.parameters["k2"]}
        new = unit_power(cascade, family, new)
        composite = cascade.impulse(new)
        fitted = {"k1": deconvolve(composite, parameters["k2"], self.lengths[0]), "k2": parameters["k2"]}
        return Truth(cascade, new, truth.streams, family), fitted
