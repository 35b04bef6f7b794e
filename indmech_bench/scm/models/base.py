"""What all models share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from torch import Tensor

from indmech_bench.scm.interventions import Intervention
from indmech_bench.scm.parameters import Parameters


class BaseModel:
    """A model whose every parameter is a mechanism of its own.

    null_on_request: whether mechanisms are so large that the null of log rho is drawn only where a method asks for it.
    """

    null_on_request: ClassVar[bool] = False

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameter name -> shape of one replicate and start."""
        raise NotImplementedError

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.shapes)

    @property
    def mechanisms(self) -> dict[str, tuple[str, ...]]:
        """Mechanism -> names of its parameters."""
        return {name: (name,) for name in self.names}

    @property
    def start_scales(self) -> dict[str, float]:
        """Parameter name -> standard deviation of a start of scale 1."""
        return dict.fromkeys(self.shapes, 1.0)

    def laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """Intervention -> law."""
        raise NotImplementedError

    def law(self, parameters: Parameters, intervention: Intervention) -> Tensor:
        """The law under one intervention."""
        return self.laws(parameters)(intervention)

    def symmetries(self, parameters: Parameters) -> list[dict[str, Tensor]]:
        """Parameters with the same laws that the invariants tell apart: none but themselves."""
        return [dict(parameters)]


def is_null_on_request(model: object) -> bool:
    """Whether a model of our own says so; one of elsewhere need not be a `BaseModel`."""
    return isinstance(model, BaseModel) and model.null_on_request


def rescale_each(parameters: Parameters, names: Iterable[str], factor: Tensor) -> dict[str, Tensor]:
    """Multiply the vectors of these names (R, L), one an environment, by the columns of `factor` (R, E)."""
    scaled = dict(parameters)
    for e, name in enumerate(names):
        scaled[name] = parameters[name] * factor[:, e, None]
    return scaled
