"""One line of a leaderboard: what a method or reference reached in a view."""

from __future__ import annotations

from dataclasses import dataclass, field

Interval = tuple[float, float] | None


@dataclass(frozen=True)
class Line:
    """One method or reference in a view. Medians count a failed replicate as the worst value there is.

    Everything but `by_task` is of the tasks that count: controls are left out. `by_task` holds `identified` and the
    median of the metric, `by_task_intervals` that median's interval.

    score: mean over families of the mean over their tasks of the interquartile mean of `score`. Intervals are of 95 %:
    Wilson's for `identified`, order statistics for medians, BCa within tasks for `score`; None where there are too few
    replicates. rank_interval: where the rank falls when families and seeds are drawn again; tier: 1 for the best method
    and those that this cannot tell from it. leave_one_out: lowest and highest rank when any one task is left out;
    leave_one_out_task: the one that moves it most, None where none does. All four are None for what is not ranked.
    """

    name: str
    reference: bool
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
    rank: int | None = None
    rank_interval: tuple[int, int] | None = None
    tier: int | None = None
    leave_one_out: tuple[int, int] | None = None
    leave_one_out_task: str | None = None
    by_task: dict[str, dict[str, float | None]] = field(default_factory=dict)
    by_task_intervals: dict[str, Interval] = field(default_factory=dict)

    @property
    def attempted(self) -> int:
        return self.ok + self.failed
