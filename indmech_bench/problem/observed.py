"""What a method may look at: the observation and the learner's model."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from indmech_bench.problem.engine.kernels.compiling import is_available
from indmech_bench.scm.generators.seen import SeenImages
from indmech_bench.scm.genericity import Null, prior_null
from indmech_bench.scm.models.protocol import Model
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.observations.samples import Samples
from indmech_bench.scm.parameters import Parameters

if TYPE_CHECKING:
    from indmech_bench.problem.engine.engine import Engine


def on_device(observation: Observation, device: str) -> Observation:
    """An observation with its tensors on a device: `cpu`, `cuda` or `mps`."""
    if device == "cpu":
        return observation
    held: Any = observation
    own = {field.name: getattr(held, field.name) for field in fields(held)}
    moved: Observation = replace(held, **{n: value.to(device) for n, value in own.items() if isinstance(value, Tensor)})
    return moved


def engine_for(observation: Observation, dtype: torch.dtype) -> Engine | None:
    """The fused training of an observation; None where it does not know it, or is not installed."""
    if not is_available():
        return None
    from indmech_bench.problem.engine.engine import engine_of  # needs a compiler

    return engine_of(observation, dtype)


class Observed:
    """An observation of R replicates with mean power 1, and the model that is to explain it."""

    def __init__(self, observation: Observation, device: str = "cpu") -> None:
        self._observation = on_device(observation, device)

    @property
    def observations(self) -> Tensor:
        """What is observed, replicates first.

        `impulse`: the composite kernel (R, n). `spectrum`: the power spectrum on the non-negative frequencies
        (R, n // 2 + 1). `samples`: periodograms (R, N, n), or for linear models the samples (R, N, d). `covariance`:
        (R, d, d). `parts`: images (R, F, P, n, n) of P parts of F faces. `pictures`: images (R, F, 3, n, n) of F
        whole faces in colour. `photographs`: images (R, N, C, n, n) of the world. With E environments there is an axis
        E after that of replicates.
        """
        return self._observation.shown

    @property
    def kind(self) -> str:
        """What `observations` are, see there: `impulse`, `spectrum`, `samples`, `covariance`, ..."""
        return self._observation.kind

    @property
    def model(self) -> Model:
        """The learner's model, for methods that need its kind or its laws; what is computed with it is not charged."""
        return self._observation.model

    @property
    def samples(self) -> int:
        """How many samples are observed; 1 where the law itself is."""
        return self._observation.samples

    @property
    def periodograms(self) -> bool:
        """Whether periodograms of samples are observed, whose mean may be shown with label noise."""
        return isinstance(self._observation, Samples)

    @property
    def batch(self) -> int | None:
        """Samples that a step of training sees where a method does not say: a number for networks, None for all."""
        return self._observation.batch if isinstance(self._observation, SeenImages) else None

    @property
    def nuisance_forwards(self) -> int:
        """Forward passes, with gradient, that `update_nuisance` costs a step; 0 where it does nothing."""
        return self._observation.nuisance_forwards if isinstance(self._observation, SeenImages) else 0

    def update_nuisance(self, parameters: Parameters, batch: Tensor | None) -> None:
        """One step of what is trained against the parameters, an adversarial critic; the shared loop calls it.

        batch: (R, m) indices of the samples that the step sees; None for all.
        """
        if isinstance(self._observation, SeenImages):
            self._observation.update_nuisance(parameters, batch)

    def nuisance_state(self) -> Any:
        """Where what `update_nuisance` trains stands: a copy, for `set_nuisance_state`; None where it does nothing."""
        return self._observation.nuisance_state() if isinstance(self._observation, SeenImages) else None

    def set_nuisance_state(self, state: Any) -> None:
        """Go on from there."""
        if isinstance(self._observation, SeenImages):
            self._observation.set_nuisance_state(state)

    @property
    def device(self) -> torch.device:
        return self.observations.device

    @property
    def mechanisms(self) -> dict[str, tuple[str, ...]]:
        """Mechanism -> names of its parameters."""
        return self._observation.model.mechanisms

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameter name -> its shape in one replicate and start."""
        return self._observation.model.shapes

    @property
    def null(self) -> Null:
        """log rho of 10,000 independently drawn pairs of mechanisms of the learner's shape, with their p-value."""
        return prior_null(self._observation.model)
