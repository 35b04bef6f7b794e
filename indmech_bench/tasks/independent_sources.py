"""Independent sources that are not Gaussian: one environment is enough, and ICA is at home (docs/theory.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from indmech_bench.errors import unknown
from indmech_bench.registry.registration import register_task
from indmech_bench.scm.interventions import Family, amplifications
from indmech_bench.scm.models.linear_environments import LinearEnvironments
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.observations.sources import DENSITIES, draw_source_samples
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.linear import SIGMA
from indmech_bench.tasks.protocol import TaskBase
from indmech_bench.tasks.sampling import each, first_that, moved_by, normal
from indmech_bench.tasks.truth import Truth


@register_task("ica-hyperbolic-secant", version=1, sources="hyperbolic-secant")
@register_task("ica-laplace", version=1, sources="laplace")
@register_task("ica-gaussian", version=1, sources="gaussian", solutions="continuum")
@dataclass(frozen=True)
class IndependentSourcesTask(TaskBase):
    """X = B D U from samples: B (4 x 4, iid Gaussian), D log-normal and diagonal, U independent sources of a known law.

    Sources that are not Gaussian determine B up to order, sign and scale of its columns (Comon 1994), which change no
    intervened law: the interventions switch one source off or quadruple its power, sources being numbered by the power
    that they bring to the output. Gaussian sources leave B a rotation. The fit loss is the likelihood, so whoever
    minimises it does ICA; laws are compared by their covariances.

    sources: law of each source, known to the learner: hyperbolic-secant, laplace, or gaussian (not identifiable).
    samples: how many are shown.
    Source: Comon (Signal Processing, 1994); Hyvarinen and Oja (Neural Networks, 2000).
    """

    family: ClassVar[str] = "ica"
    observation: ClassVar[str] = "samples"
    intervention: ClassVar[str] = "power of one source"
    genericity: ClassVar[str] = "rotation of the sources"
    solutions: ClassVar[str] = "one"
    independence: ClassVar[str] = "drawn independently"
    ranges: ClassVar[dict[str, str]] = {"samples": "[32, 1000000]"}
    d: ClassVar[int] = 4

    sources: str = "hyperbolic-secant"
    samples: int = 4096

    @property
    def model(self) -> LinearEnvironments:
        return LinearEnvironments(self.d, 1)

    @property
    def phase(self) -> bool:
        return False

    def interventions(self, streams: Streams) -> Family:
        return amplifications(self.d)

    def check(self) -> None:
        """The law of the sources is one of those that are known."""
        if self.sources not in DENSITIES:
            raise unknown("sources", self.sources, DENSITIES)

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        """True parameters a1 (R, 4) and B (R, 4, 4), output of mean power 1."""
        model = self.model

        def draw(generator: np.random.Generator, size: int) -> dict[str, Tensor]:
            strengths = torch.exp(SIGMA * normal(generator, size, self.d))
            return {"a1": strengths, "B": normal(generator, size, self.d, self.d)}

        moves = moved_by(model, amplifications(self.d))
        drawn = each(streams, lambda generator: first_that(generator, draw, moves, ""))
        power = model.contributions(drawn).sum(-1) / self.d
        return model.rescale(drawn, 1 / power.sqrt())

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Observation:
        normals = streams.randn("samples", self.samples, self.d)
        return draw_source_samples(self.model, parameters, normals, DENSITIES[self.sources])

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        return {"log_generic_ratio": self.model.log_generic_ratio(truth.parameters).tolist()}
