"""What methods compute in common: once for all that run in one job, charged in full to each."""

from __future__ import annotations

import copy
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from torch import Tensor

if TYPE_CHECKING:
    from indmech_bench.problem.problem import Problem

T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """What a search has found, and what it leaves behind in a problem.

    units: (R,) cost. steps: of training. points: kept on the way, by step. nuisance: the state of what is trained
    against the parameters. seconds: that it took.
    """

    result: Any
    units: Tensor
    steps: Counter[str]
    points: dict[int, dict[str, Tensor]]
    nuisance: Any
    seconds: float


@dataclass
class Searches:
    """The searches of one batch of replicates, by name. Problems of other replicates have others."""

    found: dict[str, Found] = field(default_factory=dict)

    def result(self, name: str, compute: Callable[[], T], problem: Problem) -> tuple[T, float]:
        """The result of a search, and the seconds that it took another method to find it.

        A search that raises is kept by nobody: the next method runs into the same by itself.
        """
        points = problem.curve.points if problem.curve else {}
        if name in self.found:
            known = self.found[name]
            problem.spend(known.units)
            problem.steps.update(known.steps)
            points.update(known.points)
            problem.set_nuisance_state(known.nuisance)
            return copy.deepcopy(known.result), known.seconds
        spent, steps, there, started = problem.spent.clone(), problem.steps.copy(), {*points}, time.perf_counter()
        result = compute()
        seconds = time.perf_counter() - started
        self.found[name] = Found(
            copy.deepcopy(result),
            problem.spent - spent,
            problem.steps - steps,
            {step: point for step, point in points.items() if step not in there},
            problem.nuisance_state(),
            seconds,
        )
        return result, 0.0
