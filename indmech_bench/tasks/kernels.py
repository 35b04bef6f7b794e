"""What tasks on convolution kernels share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from torch import Tensor

from indmech_bench.scm.interventions import Family, modulations
from indmech_bench.scm.models.kernels import KernelModel
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.protocol import TaskBase
from indmech_bench.tasks.sampling import each, first_that, moved_by, normal, show_kernels
from indmech_bench.tasks.truth import Truth


class KernelTask(TaskBase):
    """Base of tasks whose mechanism is modulated and whose output is seen as impulse, spectrum or samples."""

    observation: str

    @property
    def model(self) -> KernelModel:
        """The learner's model."""
        raise NotImplementedError

    @property
    def phase(self) -> bool:
        """Whether the observation has the phase of the composite."""
        return self.observation == "impulse"

    def interventions(self, streams: Streams) -> Family:
        """All modulations."""
        return modulations(self.model.n)

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Observation:
        """What a method is shown of the truth."""
        return show_kernels(self.model, parameters, self.observation, streams)

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        """log rho of each truth."""
        return {"log_generic_ratio": self.model.log_generic_ratio(truth.parameters).tolist()}


def iid_kernels(
    model: KernelModel, streams: Streams, moves: Callable[[dict[str, Tensor]], Tensor] | None = None
) -> dict[str, Tensor]:
    """iid Gaussian taps (R, L_k) that modulation moves; `moves` says so of candidates, where it is known cheaply."""

    def draw(generator: np.random.Generator, size: int) -> dict[str, Tensor]:
        lengths = [length for (length,) in model.shapes.values()]
        return dict(zip(model.names, normal(generator, size, sum(lengths)).split(lengths, -1), strict=True))

    moves = moves or moved_by(model, modulations(model.n))
    return each(streams, lambda generator: first_that(generator, draw, moves, ""))
