"""Causal generative models: parameters -> laws under intervention, with their closed forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from torch import Tensor

from indmech_bench.scm.divergences import Geometry
from indmech_bench.scm.interventions import Intervention
from indmech_bench.scm.parameters import Parameters


class Model(Protocol):
    """A causal generative model. Parameters (R, ...) or, with S starts, (R, S, ...); laws are for (R, ...)."""

    def __hash__(self) -> int: ...

    @property
    def geometry(self) -> Geometry:
        """The space of its laws."""
        ...

    @property
    def environments(self) -> int | None:
        """How many environments its observations have; None where these have no such axis."""
        ...

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameter name -> its shape in one replicate and start."""
        ...

    @property
    def mechanisms(self) -> dict[str, tuple[str, ...]]:
        """Mechanism -> names of its parameters; a parameter of none is a nuisance: trained, never intervened on."""
        ...

    @property
    def start_scales(self) -> dict[str, float]:
        """Parameter name -> standard deviation of a start of scale 1: networks start as networks do."""
        ...

    def degrees_of_freedom(self, phase: bool) -> int:
        """How many parameters the observation determines."""
        ...

    def rescale(self, parameters: Parameters, factor: Tensor) -> dict[str, Tensor]:
        """Multiply the output by `factor`, (R,) or one an environment (R, E)."""
        ...

    def laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """Intervention -> law (R, ...)."""
        ...

    def law(self, parameters: Parameters, intervention: Intervention) -> Tensor:
        """The law under one intervention."""
        ...

    def output_laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """The same with the intervention on the output."""
        ...

    def generic_power(self, parameters: Parameters) -> Tensor:
        """E_g C(P_g) over the genericity group, (R,) or (R, S)."""
        ...

    def log_generic_ratio(self, parameters: Parameters) -> Tensor:
        """log rho of the intervened mechanism, (R,) or (R, S)."""
        ...

    def log_generic_ratios(self, parameters: Parameters) -> Tensor:
        """log rho of every mechanism that has one of its own, (R, m) or (R, S, m)."""
        ...

    def invariants(self, parameters: Parameters) -> dict[str, Tensor]:
        """phi, blocks (R, m); `log_power` differs absolutely, the others relatively. None where phi is not known."""
        ...

    def symmetries(self, parameters: Parameters) -> list[dict[str, Tensor]]:
        """Parameters with the same laws that phi tells apart: discrete symmetries."""
        ...

    def parameter_error(self, parameters: Parameters, true: Parameters, phase: bool) -> Tensor:
        """Distance of the mechanisms themselves, (R,)."""
        ...
