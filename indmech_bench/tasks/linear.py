"""Linear Gaussian mechanisms: one scalar for d^2 parameters, and an identifiable sibling (docs/theory.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from indmech_bench.errors import InputError, TruthNotFoundError, unknown
from indmech_bench.registry.registration import register_task
from indmech_bench.scm.interventions import Family, amplifications, orthogonalised, rotations
from indmech_bench.scm.models.linear import LinearCascade, mean_square
from indmech_bench.scm.models.linear_environments import LinearEnvironments
from indmech_bench.scm.observations.covariance import Covariance, draw_gaussian_samples
from indmech_bench.scm.observations.fitting import SAMPLES
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.protocol import TaskBase
from indmech_bench.tasks.sampling import MOVES, dependent, each, first_that, moved_by, normal
from indmech_bench.tasks.truth import Truth

ROTATIONS = 64
SIGMA = 0.7
"""Standard deviation of the log singular values."""


def orthogonal(generator: np.random.Generator, size: int, d: int) -> Tensor:
    """Haar orthogonal matrices (size, d, d)."""
    return orthogonalised(normal(generator, size, d, d))


@register_task("linear-gaussian-natural", version=1)
@register_task("linear-gaussian-graded", version=1, independence="to within 0.05", spread=0.05)
@register_task("linear-gaussian-dependent", version=1, independence="no, log rho = 0.4", dependence=0.4)
@register_task("linear-gaussian-samples", version=1, observation="samples")
@dataclass(frozen=True)
class LinearGaussianTask(TaskBase):
    """X = B A U, d = 16, Haar singular vectors and log-normal singular values; 64 Haar rotations of A.

    The rotations are named by the seed, one set for each truth.

    observation: covariance, or samples (256 of them).
    dependence: log rho that every truth has to within `tolerance`; none leaves the draw as it is.
    spread: standard deviation of log rho around `dependence` (or 0); each truth meets its own goal to `tolerance`.
    Source: Janzing, Hoyer, Schoelkopf (ICML 2010), trace condition; docs/theory.md, linear Gaussian.
    """

    family: ClassVar[str] = "linear-gaussian"
    intervention: ClassVar[str] = "rotation of A"
    genericity: ClassVar[str] = "rotation of A"
    solutions: ClassVar[str] = "continuum"
    independence: ClassVar[str] = "drawn independently"
    natural: ClassVar[dict[str, Any]] = {"dependence": None, "spread": 0.0}
    ranges: ClassVar[dict[str, str]] = {"spread": "[0, inf)", "tolerance": "(0, inf)"}
    d: ClassVar[int] = 16
    start_scale = 0.1

    observation: str = "covariance"
    dependence: float | None = None
    spread: float = 0.0
    tolerance: float = 0.01

    @property
    def model(self) -> LinearCascade:
        return LinearCascade(self.d)

    @property
    def phase(self) -> bool:
        return False

    def interventions(self, streams: Streams) -> Family:
        return rotations(streams.randn("rotations", ROTATIONS, self.d, self.d))

    def check(self) -> None:
        if self.observation not in ("covariance", "samples"):
            raise unknown("observation", self.observation, ("covariance", "samples"))
        if self.dependence is not None:
            try:
                self.sample(Streams((b"can the dependence be reached",)))
            except TruthNotFoundError as error:
                raise InputError(f"{error}") from None

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        def draw_row(generator: np.random.Generator) -> dict[str, Tensor]:
            return dependent(
                generator, self._draw, self.model, self._moves, self.dependence, self.spread, self.tolerance
            )

        drawn = each(streams, draw_row)
        power = mean_square(drawn["B"] @ drawn["A"])
        return self.model.rescale(drawn, 1 / power.sqrt())

    def _draw(self, generator: np.random.Generator, size: int) -> dict[str, Tensor]:
        drawn = {}
        for name in self.model.names:
            left, right = orthogonal(generator, size, self.d), orthogonal(generator, size, self.d)
            values = torch.exp(SIGMA * normal(generator, size, self.d, 1))
            drawn[name] = left @ (values * right)
        return drawn

    def _moves(self, candidates: dict[str, Tensor]) -> Tensor:
        """Whether A A' is far enough from a multiple of the identity for rotations to move the law."""
        M = candidates["A"] @ candidates["A"].mT
        spread = (M.square().sum((-2, -1)) / self.d) / mean_square(candidates["A"]).square() - 1
        return spread >= MOVES

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Observation:
        if self.observation == "covariance":
            return Covariance(self.model, self.model.covariance(parameters))
        return draw_gaussian_samples(self.model, parameters, streams.randn("samples", SAMPLES, 2 * self.d))

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        return {"log_generic_ratio": self.model.log_generic_ratio(truth.parameters).tolist()}


@register_task("linear-environments-2", version=1, environments=2)
@register_task("linear-environments", version=1)
@dataclass(frozen=True)
class LinearEnvironmentsTask(TaskBase):
    """E environments X = B D U with a shared B (6 x 6, iid Gaussian) and log-normal diagonal D of their own.

    Identifiable: two covariances determine B up to order and scale of its columns (joint diagonalisation), which
    change no intervened law: the interventions switch one source off or quadruple its power in every environment,
    sources being numbered by the power that they bring to the first.

    environments: how many there are, 2 or more. Two are enough in principle, but gradient methods stick in swamps
        (as in canonical tensor decompositions) and do not fit; from six on they do.
    Source: docs/theory.md, linear Gaussian.
    """

    family: ClassVar[str] = "linear-environments"
    observation: ClassVar[str] = "covariance"
    intervention: ClassVar[str] = "power of one source, in all environments"
    genericity: ClassVar[str] = "rotation of the sources, in each environment"
    solutions: ClassVar[str] = "one"
    independence: ClassVar[str] = "drawn independently"
    ranges: ClassVar[dict[str, str]] = {"environments": "[2, 64]"}
    d: ClassVar[int] = 6

    environments: int = 6

    @property
    def model(self) -> LinearEnvironments:
        return LinearEnvironments(self.d, self.environments)

    @property
    def phase(self) -> bool:
        return False

    def interventions(self, streams: Streams) -> Family:
        return amplifications(self.d)

    def check(self) -> None:
        """The range of `environments` says all."""

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        model = self.model

        def draw(generator: np.random.Generator, size: int) -> dict[str, Tensor]:
            sources = {name: torch.exp(SIGMA * normal(generator, size, self.d)) for name in model.names[:-1]}
            return {**sources, "B": normal(generator, size, self.d, self.d)}

        drawn = each(
            streams, lambda generator: first_that(generator, draw, moved_by(model, amplifications(self.d)), "")
        )
        power = model.contributions(drawn).sum(-1) / self.d
        return model.rescale(drawn, 1 / power.sqrt())

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Observation:
        return Covariance(self.model, self.model.covariance(parameters))

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        return {"log_generic_ratio": self.model.log_generic_ratio(truth.parameters).tolist()}
