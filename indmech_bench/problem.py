"""What a method is given and what it gives back: a problem without its truth, and a solution."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from indmech_bench.budget import Meter
from indmech_bench.genericity import Null, prior_null
from indmech_bench.interventions import Modulation
from indmech_bench.observations import Impulse
from indmech_bench.parameters import Parameters, flatten, starts_in, unflatten
from indmech_bench.randomness import Streams

START_SCALE = 0.3


@dataclass(frozen=True, eq=False)
class Solution:
    """A predictor of intervened laws; with parameters where it has any.

    `law(g)` gives the law of the output under the intervention g, batched: for convolutions the power spectra
    (R, n). `details` is the method's own account of the run, one value (R,) a name.
    """

    law: Callable[[Modulation], Tensor]
    parameters: dict[str, Tensor] | None = None
    details: dict[str, Tensor] = field(default_factory=dict)


class Problem:
    """R replicates of one learning problem, seen as a method may see it: no truth, no task, no seeds.

    Parameters are one dict name -> tensor (R, ...), or (R, S, ...) with S starts; losses and log rho are (R,) or
    (R, S). Observations have mean power 1. Every call of `loss`, `residuals`, `jacobian` and `log_generic_ratio` is
    charged to the budget by itself.
    """

    def __init__(
        self, observation: Impulse, streams: Streams, *, dtype: torch.dtype = torch.float64, budget: float | None = None
    ) -> None:
        self._observation, self._scale = observation.normalised(dtype)
        self._streams = streams
        self._meter = Meter(len(streams.keys), budget)
        self._prepaid = False
        self.dtype = dtype

    @property
    def observations(self) -> Tensor:
        """What is observed, replicates first: the composite kernel (R, n)."""
        return self._observation.kernel

    @property
    def replicates(self) -> int:
        return len(self._streams.keys)

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

    def randn(self, stream: str, *shape: int) -> Tensor:
        """Standard normal numbers (R, *shape), a function of the replicate and the stream's name alone."""
        return self._streams.randn(stream, *shape).to(self.device, self.dtype)

    def start(self, scale: float | None = None, starts: int | None = None) -> dict[str, Tensor]:
        """Initial parameters, N(0, scale^2): (R, ...), or (R, starts, ...) with `starts`.

        Start 0 is the same numbers whatever `starts` is, for every method.
        """
        sizes = {name: int(torch.Size(shape).numel()) for name, shape in self.shapes.items()}
        drawn = self.randn("start", starts or 1, sum(sizes.values()))
        drawn = drawn * (START_SCALE if scale is None else scale)
        lead = (self.replicates,) if starts is None else (self.replicates, starts)
        pieces = drawn.split(list(sizes.values()), -1)
        return {
            name: piece.reshape(*lead, *shape).clone()
            for (name, shape), piece in zip(self.shapes.items(), pieces, strict=True)
        }

    def loss(self, parameters: Parameters) -> Tensor:
        """Fit loss, relative to the observed power: 0 is a perfect fit, 1 that of silence."""
        self._charge(parameters, 1)
        return self._observation.loss(parameters)

    def residuals(self, parameters: Parameters) -> Tensor:
        """Real residuals (R, m) or (R, S, m) whose sum of squares is the fit loss."""
        self._charge(parameters, 1)
        return self._observation.residuals(parameters)

    def jacobian(self, parameters: Parameters) -> Tensor:
        """d residuals / d parameters side by side, (R, m, p) or (R, S, m, p), p parameters: charged p units."""
        flat = flatten(parameters)
        columns = flat.shape[-1]
        self._charge(parameters, columns, gradient=False)
        basis = torch.eye(columns, dtype=flat.dtype, device=flat.device)

        def column(direction: Tensor) -> Tensor:
            def residuals(point: Tensor) -> Tensor:
                return self._observation.residuals(unflatten(point, parameters))

            made: Tensor = torch.func.jvp(residuals, (flat,), (direction.expand_as(flat),))[1]
            return made

        stacked: Tensor = torch.func.vmap(column)(basis)
        return stacked.movedim(0, -1).contiguous()  # one layout at any batch size: products pick kernels by it

    def log_generic_ratio(self, parameters: Parameters) -> Tensor:
        """log rho of the intervened mechanism: 0 when the mechanisms are generic with respect to each other."""
        self._charge(parameters, 1)
        return self._observation.model.log_generic_ratio(parameters)

    def fits(self, losses: Tensor) -> Tensor:
        """Which starts of a replicate fit the observation, given all their losses: (R, S) -> bool (R, S)."""
        return self._observation.fits(losses)

    @property
    def spent(self) -> Tensor:
        """(R,) cost units charged so far."""
        return self._meter.spent

    @property
    def exhausted(self) -> Tensor:
        """(R,) bool: replicates over their budget; they end as `budget`, whatever they return."""
        return self._meter.exhausted

    @property
    def remaining(self) -> Tensor:
        """(R,) cost units left, infinite without a budget."""
        return self._meter.remaining

    def spend(self, units: float | Tensor) -> None:
        """Charge cost units that no call of this object sees, for all replicates or (R,) for each."""
        self._meter.spend(units)

    @contextlib.contextmanager
    def prepaid(self, units: float | Tensor) -> Iterator[None]:
        """Charge units in advance; calls inside are not charged again."""
        self.spend(units)
        before, self._prepaid = self._prepaid, True
        try:
            yield
        finally:
            self._prepaid = before

    def solution(self, parameters: Parameters, **details: Tensor) -> Solution:
        """The solution with these parameters (R, ...), in the observation's own scale. Raises ValueError.

        Parameters that are not finite make their own replicate `nonfinite` and no other.
        """
        expected = {name: (self.replicates, *shape) for name, shape in self.shapes.items()}
        given = {name: tuple(value.shape) for name, value in parameters.items()}
        if given != expected:
            raise ValueError(f"a solution needs parameters of shapes {expected}, not {given}")
        model = self._observation.model
        plain = {name: parameters[name].detach().to("cpu", torch.float64) for name in expected}
        scaled = model.rescale(plain, self._scale)
        return Solution(model.laws(scaled), scaled, details)

    def _charge(self, parameters: Parameters, forwards: int, gradient: bool | None = None) -> None:
        if self._prepaid:
            return
        if gradient is None:
            gradient = torch.is_grad_enabled() and any(value.requires_grad for value in parameters.values())
        self.spend(forwards * starts_in(parameters, self.shapes) * (3 if gradient else 1))
