"""What a method is given: a problem without its truth."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor

from indmech_bench.problem.budget import Meter
from indmech_bench.problem.engine.kernels.compiling import FUSED
from indmech_bench.problem.faces.curve import Curve
from indmech_bench.problem.faces.drawn import Drawn
from indmech_bench.problem.faces.flat import AnyParameters, Flat, as_checked, as_flat, as_named, value_and_gradient
from indmech_bench.problem.least_squares import jacobian_of_features
from indmech_bench.problem.observed import engine_for
from indmech_bench.problem.searches import Searches
from indmech_bench.problem.solution import Solution
from indmech_bench.scm.choices import least
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.observations.samples import Samples
from indmech_bench.scm.parameters import START_SCALE, Parameters, size_of, starts_in, unflatten
from indmech_bench.scm.streams import Streams

if TYPE_CHECKING:
    from indmech_bench.problem.objective import Objective

Result = TypeVar("Result")


class Problem(Drawn):
    """R replicates of one learning problem, seen as a method may see it: no truth, no task, no seeds.

    Parameters are one dict name -> tensor (R, ...), or (R, S, ...) with S starts; losses and log rho are (R,) or
    (R, S). Observations have mean power 1. Every call of `loss`, `residuals`, `jacobian` and `log_generic_ratio` is
    charged to the budget by itself.
    """

    def __init__(
        self,
        observation: Observation,
        streams: Streams,
        *,
        dtype: torch.dtype = torch.float64,
        budget: float | None = None,
        start_scale: float = START_SCALE,
        given_start: Parameters | None = None,
        searches: Searches | None = None,
        training: str = FUSED,
        curves: bool = False,
        device: str = "cpu",
    ) -> None:
        """The problem of an observation; the harness makes it.

        Args:
            observation: what R truths show.
            streams: their random numbers.
            dtype: of everything that a method sees.
            budget: cost units a replicate may spend; None for no limit.
            start_scale: standard deviation of the start that is offered.
            given_start: parameters (R, ...) that training starts at in any case, in the observation's own scale.
            searches: what other methods of the job have found on the same replicates.
            training: `fused`, where the engine knows the problem and is there; or `plain`.
            curves: whether points on the way are kept.
            device: where observations are, and all that methods make of them; other than `cpu` trains plainly.
        """
        normalised, self._scale = observation.normalised(dtype)
        super().__init__(normalised, streams, dtype, device)
        self._meter = Meter(len(streams.keys), budget)
        self._searches, self.borrowed_seconds = searches or Searches(), 0.0
        self._prepaid = False
        self._given_start = given_start and self._observation.model.rescale(given_start, 1 / self._scale)
        self._start_scale = start_scale
        self.curve = Curve() if curves else None
        self.engine = engine_for(self._observation, dtype) if (training, device) == (FUSED, "cpu") else None

    def start(self, scale: float | None = None, starts: int | None = None) -> dict[str, Tensor]:
        """Initial parameters, N(0, (scale s_k)^2): (R, ...), or (R, starts, ...) with `starts`.

        s_k is the model's own scale of parameter k (`Model.start_scales`), 1 for kernels and matrices. Start 0 is the
        same numbers whatever `starts` is, for every method. Without a scale it is the task's own. A task that asks how
        training moves away from a point gives that point, whatever the scale.
        """
        lead = (self.replicates,) if starts is None else (self.replicates, starts)
        if self._given_start is not None:
            given = {name: value.unsqueeze(1) if starts else value for name, value in self._given_start.items()}
            spread = {name: value.expand(*lead, *self.shapes[name]) for name, value in given.items()}
            return {name: value.to(self.device, self.dtype).clone() for name, value in spread.items()}
        size, relative = size_of(self.shapes), self._observation.model.start_scales
        drawn = self.randn("start", starts or 1, size) * (self._start_scale if scale is None else scale)
        pieces = unflatten(drawn.reshape(*lead, size), self.shapes)
        return {name: relative[name] * piece for name, piece in pieces.items()}

    def loss(self, parameters: Parameters, batch: Tensor | None = None, factors: Tensor | None = None) -> Tensor:
        """Fit loss: 0 is a perfect fit. `batch` (R, m) chooses samples, m of N for m / N of the cost.

        factors: (R, [E,] n // 2 + 1), label noise that multiplies the mean of periodograms.
        """
        self._charge(parameters, 1 if batch is None else batch.shape[-1] / self.samples)
        if factors is None:
            return self._observation.loss(parameters, batch)
        assert isinstance(self._observation, Samples)
        return self._observation.loss(parameters, batch, factors)

    def residuals(self, parameters: Parameters) -> Tensor:
        """Residuals r (R, m) or (R, S, m); with J the `jacobian`, J'r is along the gradient of the fit loss.

        For impulse, spectrum and covariance the sum of their squares is the loss. Raises UnsupportedError where
        there are none.
        """
        self._charge(parameters, 1)
        return self._observation.residuals(parameters)

    def jacobian(self, parameters: Parameters, names: Sequence[str] | None = None) -> Tensor:
        """J (R, m, p) or (R, S, m, p), p parameters side by side (of these names, else all): charged p units.

        J'J is the Gauss-Newton matrix of the loss, or for samples its Fisher matrix.
        """
        shapes = {name: self.shapes[name] for name in (self.shapes if names is None else names)}
        self._charge(parameters, size_of(shapes), gradient=False)
        if self.engine is not None:
            return self.engine.jacobian(parameters, tuple(shapes))
        return jacobian_of_features(self._observation, parameters, shapes)

    def log_generic_ratio(self, parameters: Parameters) -> Tensor:
        """log rho of the intervened mechanism: 0 when the mechanisms are generic with respect to each other."""
        self._charge(parameters, 1)
        return self._observation.model.log_generic_ratio(parameters)

    def log_generic_ratios(self, parameters: Parameters) -> Tensor:
        """log rho of every mechanism that has one of its own, (R, m) or (R, S, m): all 0 where all are independent."""
        self._charge(parameters, 1)
        return self._observation.model.log_generic_ratios(parameters)

    def fits(self, losses: Tensor) -> Tensor:
        """Which starts of a replicate fit the observation, given all their losses: (R, S) -> bool (R, S)."""
        return self._observation.fits(losses)

    def least(self, values: Tensor, eligible: Tensor) -> Tensor:
        """Index (R,) of the least eligible value, (R, S) both; values equal to 1e-9 tie, and random numbers decide."""
        return least(values, eligible, self.randn("ties", values.shape[-1]))

    @property
    def spent(self) -> Tensor:
        """(R,) cost units charged so far."""
        return self._meter.spent

    @property
    def steps(self) -> Counter[str]:
        """Steps of training so far, by the way that they were taken: `fused` or `plain`."""
        return self._meter.steps

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

    def search(self, name: str, compute: Callable[[], Result]) -> Result:
        """`compute()`, once for all methods that search under this name in one job; each is charged in full.

        The name says all that the result depends on; a ClassVar `search` has methods of a package run in one job. The
        points that it keeps and what it trains against the parameters come along.
        """
        result, seconds = self._searches.result(name, compute, self)
        self.borrowed_seconds += seconds
        return result

    @contextlib.contextmanager
    def prepaid(self, units: float | Tensor) -> Iterator[None]:
        """Charge units in advance; calls inside are not charged again."""
        self.spend(units)
        before, self._prepaid = self._prepaid, True
        try:
            yield
        finally:
            self._prepaid = before

    def solution(
        self, parameters: AnyParameters, path: Mapping[int, AnyParameters] | None = None, **details: Tensor
    ) -> Solution:
        """The solution with these parameters (R, ...), in the observation's own scale. Raises ValueError.

        Tensors or numpy arrays; of one replicate alone the axis R may be left out. Parameters that are not finite spoil
        their own replicate alone. `path`: parameters on the way, by step.
        """
        points = {step: as_checked(self, point) for step, point in (path or {}).items()}
        for step, point in points.items():
            self.watch(step, point)
        scaled = self.in_own_scale(as_checked(self, parameters))
        on_the_way = {step: self.in_own_scale(point) for step, point in points.items()}
        return Solution(self._observation.model.laws(scaled), scaled, details, on_the_way)

    def watch(self, step: int, parameters: AnyParameters) -> None:
        """A point (R, ...) on the way, kept for the row's curve where the run asks for curves (`run --curves`).

        `train` calls it by itself where each replicate has one start. Raises ValueError for other shapes.
        """
        if self.curve is not None:
            self.curve.keep(step, as_checked(self, parameters))

    def flat(self, parameters: AnyParameters) -> Flat:
        """All parameters side by side, numpy float64 (R, p): row r is where scipy starts for replicate r."""
        return as_flat(self, parameters)

    def unflat(self, flat: Flat) -> dict[str, Tensor]:
        """Inverse of `flat`: (R, p), or (p,) of one replicate, -> named (R, ...). Raises ValueError."""
        return as_named(self, flat)

    def value_and_gradient(self, flat: Flat, objective: Objective | None = None) -> tuple[Any, Flat]:
        """Fit loss, or another objective, and its gradient at flat parameters, as scipy's optimisers want them.

        (R, p) -> (R,) and (R, p); of one replicate (p,) -> a float and (p,). Charged as a loss with gradient.
        """
        return value_and_gradient(self, flat, objective)

    def in_own_scale(self, parameters: Parameters) -> dict[str, Tensor]:
        """Parameters (R, ...) of the scale of `observations` in the observation's own: what a solution has."""
        plain = {name: parameters[name].detach().to("cpu", torch.float64) for name in self.shapes}
        return self._observation.model.rescale(plain, self._scale)

    def in_seen_scale(self, parameters: Parameters) -> dict[str, Tensor]:
        """A solution's parameters (R, ...) in the scale of `observations`: what `solution` was given."""
        return self._observation.model.rescale(parameters, 1 / self._scale)

    def _charge(self, parameters: Parameters, forwards: float, gradient: bool | None = None) -> None:
        if self._prepaid:
            return
        if gradient is None:
            gradient = torch.is_grad_enabled() and any(value.requires_grad for value in parameters.values())
        self.spend(forwards * starts_in(parameters, self.shapes) * (3 if gradient else 1))
