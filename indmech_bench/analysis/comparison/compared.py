"""One line of a comparison: a task and method in two folders."""

from __future__ import annotations

from dataclasses import dataclass

FAMILYWISE = 0.01
"""Chance of naming any difference where there is none."""


@dataclass(frozen=True)
class Compared:
    """One task and method in A and B. A failed replicate has e infinite and score 0; skipped ones are left out.

    control: whether the task is one; paired: whether on shared seeds; n_a, n_b: replicates compared; error_*: median e;
    difference: median of score(B) - score(A) over shared seeds, or the difference of the medians, with a 95 % interval
    (order statistics; bootstrap); better, worse, ties: seeds on which B scores more, less, the same (0 if unpaired);
    direction: positive where the test on scores points to B; p_score, p_identified: Holm-adjusted over all lines and
    both; p_sign: sign test on better and worse, Holm-adjusted over all lines, None if unpaired.
    """

    task: str
    control: bool
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
    p_score: float
    p_sign: float | None
    p_identified: float

    @property
    def score_differs(self) -> bool:
        return self.p_score < FAMILYWISE

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
        worse_score = self.score_differs and self.direction < 0
        worse_rate = self.identified_differs and self.identified_b < self.identified_a
        return worse_score or worse_rate or self.fails_more
