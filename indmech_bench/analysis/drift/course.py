"""How training moved away from the truth: medians by step, and what changed from the first to the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from indmech_bench.statistics.estimates import median_interval, wilson_interval
from indmech_bench.text.numbers import bracketed, number, rates

Interval = tuple[float, float]


@dataclass(frozen=True)
class Middle:
    """A median over replicates with its 95 % interval by order statistics; None where there are no values."""

    value: float | None
    interval: Interval | None

    @classmethod
    def of(cls, values: Sequence[float]) -> Middle:
        return cls(float(np.median(values)), median_interval(values)) if len(values) else cls(None, None)

    def __str__(self) -> str:
        return f"{number(self.value)} {bracketed(self.interval)}".strip()


@dataclass(frozen=True)
class Rate:
    """A share of replicates with its Wilson interval; None where there are none."""

    value: float | None
    interval: Interval | None

    @classmethod
    def of(cls, hits: Sequence[bool]) -> Rate:
        return cls(sum(hits) / len(hits), wilson_interval(sum(hits), len(hits))) if hits else cls(None, None)

    def __str__(self) -> str:
        return f"{self.value:.2f} [{rates(self.interval, 2)}]" if self.value is not None else number(None)


@dataclass(frozen=True)
class Checkpoint:
    """Where training stood after so many steps; a replicate that failed counts as infinite error."""

    step: int
    log_generic_ratio: Middle
    fit_error: Middle
    extrapolation_error: Middle


@dataclass(frozen=True)
class Against:
    """The end beside that of the full-batch control, on shared seeds.

    error, ratio: paired differences of e and of log rho, regime less control. p_error, p_ratio: Wilcoxon's signed
    ranks, two-sided, values within 1e-6 tied; corrected by Holm over all regimes of the folder.
    """

    control: str
    n: int
    error: Middle
    ratio: Middle
    p_error: float
    p_ratio: float


@dataclass(frozen=True)
class Course:
    """How one regime (a method with settings) moved from the truth on a task, from first to last checkpoint.

    change: of log rho, paired. rises: the share of replicates in which it grows. away: the change of |log rho|, above 0
    away from independence. way: the share of the way from the first log rho to the largest of any solution.
    """

    task: str
    method: str
    settings: Mapping[str, Any]
    stochastic: bool
    n: int
    checkpoints: tuple[Checkpoint, ...]
    change: Middle
    rises: Rate
    away: Middle
    way: Middle
    against: Against | None = None

    @property
    def end(self) -> Checkpoint:
        return self.checkpoints[-1]

    @property
    def worst(self) -> Checkpoint:
        """The checkpoint of the largest median fit error."""
        return max(self.checkpoints, key=lambda point: point.fit_error.value or 0.0)
