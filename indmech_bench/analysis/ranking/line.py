"""One line of a leaderboard: what a method or reference reached in a view."""

from __future__ import annotations

from dataclasses import dataclass, field

Interval = tuple[float, float] | None


@dataclass(frozen=True)
class Line:
    """One method or reference in a view. Medians count a failed replicate as the worst value there is.

    Intervals are of 95 %: Wilson's for `identified`, order statistics for medians, BCa stratified by task for `score`;
    None where there are too few replicates. `by_task` holds `identified` and the median of the metric,
    `by_task_intervals` that median's interval.
    """

    name: str
    reference: bool
    rank: int | None
    identified: float
    interval: Interval
    medians: dict[str, float | None]
    median_intervals: dict[str, Interval]
    score: float
    score_interval: Interval
    ok: int
    failed: int
    skipped: int
    missing: int
    cost: float | None
    seconds: float | None
    by_task: dict[str, dict[str, float | None]] = field(default_factory=dict)
    by_task_intervals: dict[str, Interval] = field(default_factory=dict)

    @property
    def attempted(self) -> int:
        return self.ok + self.failed
