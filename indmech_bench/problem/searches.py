"""What methods compute in common: once for all that run in one job, charged in full to each."""

from __future__ import annotations

import copy
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from torch import Tensor

from indmech_bench.problem.budget import Meter

T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """What a search has found, the cost units (R,), the steps of training and the seconds that it took."""

    result: Any
    units: Tensor
    steps: Counter[str]
    seconds: float


@dataclass
class Searches:
    """The searches of one batch of replicates, by name. Problems of other replicates have others."""

    found: dict[str, Found] = field(default_factory=dict)

    def result(self, name: str, compute: Callable[[], T], meter: Meter) -> tuple[T, float]:
        """The result of a search, and the seconds that it took another method to find it.

        A search that raises is kept by nobody: the next method runs into the same by itself.
        """
        if name in self.found:
            known = self.found[name]
            meter.spend(known.units)
            meter.steps += known.steps
            return copy.deepcopy(known.result), known.seconds
        spent, steps, started = meter.spent.clone(), meter.steps.copy(), time.perf_counter()
        result = compute()
        seconds = time.perf_counter() - started
        self.found[name] = Found(copy.deepcopy(result), meter.spent - spent, meter.steps - steps, seconds)
        return result, 0.0
