"""What methods compute in common: once for all that run in one job, charged in full to each."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from torch import Tensor

from indmech_bench.problem.budget import Meter

T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """What a search has found, the cost units (R,) and the seconds that it took."""

    result: Any
    units: Tensor
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
            return copy.deepcopy(known.result), known.seconds
        spent, started = meter.spent.clone(), time.perf_counter()
        result = compute()
        self.found[name] = Found(copy.deepcopy(result), meter.spent - spent, time.perf_counter() - started)
        return result, 0.0
