"""One line of a comparison: a task and method in two folders."""

from __future__ import annotations

from dataclasses import dataclass

FAMILYWISE = 0.01
"""Chance of naming any difference where there is none."""


@dataclass(frozen=True)
class Compared:
    """One task and method in A and B. Errors of failed replicates are infinite; skipped ones are left out.

    paired: whether on shared seeds; n_a, n_b: replicates compared; error_*: median e; difference: median of e(B) -
    e(A) over shared seeds, or the difference of the medians, with a 95 % interval (order statistics; bootstrap);
    better, worse, ties: seeds on which B errs less, more, the same (0 if unpaired); p_*: Holm-adjusted over all lines.
    """

    task: str
    method: str
    paired: bool
    n_a: int
    n_b: int
    failed_a: int
    failed_b: int
    identified_a: float
    identified_b: float
    error_a: float
    error_b: float
    difference: float
    interval: tuple[float, float] | None
    better: int
    worse: int
    ties: int
    direction: float
    p_error: float
    p_identified: float

    @property
    def error_differs(self) -> bool:
        return self.p_error < FAMILYWISE

    @property
    def identified_differs(self) -> bool:
        return self.p_identified < FAMILYWISE

    @property
    def fails_more(self) -> bool:
        """Whether a larger share of the compared replicates fails in B."""
        return self.failed_b * self.n_a > self.failed_a * self.n_b

    @property
    def regressed(self) -> bool:
        """Whether B is significantly worse in either way, or fails more."""
        worse_error = self.error_differs and self.direction > 0
        worse_rate = self.identified_differs and self.identified_b < self.identified_a
        return worse_error or worse_rate or self.fails_more
