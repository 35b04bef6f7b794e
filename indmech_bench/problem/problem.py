"""What a method is given: a problem without its truth."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from indmech_bench.problem.budget import Meter
from indmech_bench.problem.engine.kernels.compiling import FUSED
from indmech_bench.problem.least_squares import jacobian_of_features
from indmech_bench.problem.observed import Observed, engine_for
from indmech_bench.problem.searches import Searches
from indmech_bench.problem.solution import Solution
from indmech_bench.scm.choices import least
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.observations.samples import Samples
from indmech_bench.scm.parameters import START_SCALE, Parameters, size_of, starts_in, unflatten
from indmech_bench.scm.streams import Streams

Result = TypeVar("Result")
INDEX_BLOCK = 64
"""Steps whose minibatches are drawn at once."""


class Problem(Observed):
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
            device: where observations are, and all that methods make of them; other than `cpu` trains plainly.
        """
        normalised, self._scale = observation.normalised(dtype)
        super().__init__(normalised, device)
        self._streams = streams
        self._meter = Meter(len(streams.keys), budget)
        self._searches, self.borrowed_seconds = searches or Searches(), 0.0
        self._prepaid = False
        self._given_start = given_start and self._observation.model.rescale(given_start, 1 / self._scale)
        self._start_scale, self.dtype = start_scale, dtype
        self.engine = engine_for(self._observation, dtype) if (training, device) == (FUSED, "cpu") else None

    @property
    def replicates(self) -> int:
        return len(self._streams.keys)

    def randn(self, stream: str, *shape: int) -> Tensor:
        """Standard normal numbers (R, *shape), a function of the replicate and the stream's name alone."""
        return self._streams.randn(stream, *shape).to(self.device, self.dtype)

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

    def minibatches(self, size: int | None, steps: int) -> Iterator[Tensor | None]:
        """Indices (R, size) of the samples of each step, drawn anew at every step; None, all, without samples or size.

        A sample comes at most once in a batch. The indices are a function of the replicate alone.
        """
        return each_step(self.minibatch_blocks(size, steps), steps)

    def minibatch_blocks(self, size: int | None, steps: int) -> Iterator[Tensor | None]:
        """The same for the next B steps at a time, (R, B, size); one None for all steps."""
        if size is None or size >= self.samples:
            yield None
            return
        for block in range(0, steps, INDEX_BLOCK):
            count = min(INDEX_BLOCK, steps - block)
            yield self._streams.choices(f"minibatches {block}", count, self.samples, size).to(self.device)

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

        The name says all that the result depends on; a ClassVar `search` has methods of a package run in one job.
        """
        result, seconds = self._searches.result(name, compute, self._meter)
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
        self, parameters: Parameters, path: Mapping[int, Parameters] | None = None, **details: Tensor
    ) -> Solution:
        """The solution with these parameters (R, ...), in the observation's own scale. Raises ValueError.

        Parameters that are not finite spoil their own replicate alone. `path`: parameters on the way, by step.
        """
        expected = {name: (self.replicates, *shape) for name, shape in self.shapes.items()}
        given = {name: tuple(value.shape) for name, value in parameters.items()}
        if given != expected:
            raise ValueError(f"a solution needs parameters of shapes {expected}, not {given}")
        scaled = self._in_own_scale(parameters)
        on_the_way = {step: self._in_own_scale(point) for step, point in (path or {}).items()}
        return Solution(self._observation.model.laws(scaled), scaled, details, on_the_way)

    def _in_own_scale(self, parameters: Parameters) -> dict[str, Tensor]:
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


def each_step(blocks: Iterable[Tensor | None], steps: int) -> Iterator[Tensor | None]:
    """The indices of each of so many steps, (R, m), from blocks of them (R, B, m); None where a block is, for all."""
    for block in blocks:
        yield from itertools.repeat(None, steps) if block is None else block.unbind(1)
