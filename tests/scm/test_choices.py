"""A choice takes the least value; between equal ones named random numbers decide, never rounding."""

from __future__ import annotations

import pytest
import torch
from draws import problem_of

from indmech_bench.scm.choices import is_less, least

NONE = float("nan")
INFINITE = float("inf")


def test_the_least_of_the_eligible_is_taken() -> None:
    values = torch.tensor([[3.0, NONE, 1.0, 2.0, 0.0], [NONE] * 5, [INFINITE, INFINITE, NONE, 5.0, -INFINITE]])
    eligible = torch.tensor([[True, True, True, True, False], [True] * 5, [True] * 5])
    assert least(values, eligible, torch.rand(3, 5)).tolist() == [2, 0, 4]


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e6])
def test_values_that_differ_by_rounding_are_taken_alike(scale: float) -> None:
    """Each of the equal ones in a third of the replicates, whichever is smallest by its last digits."""
    random = torch.Generator().manual_seed(7)
    rounding = 1e-11 * max(1.0, scale) * torch.rand(6000, 3, generator=random, dtype=torch.float64)
    values = torch.cat([scale + rounding, torch.full((6000, 1), scale + 1e-7 * max(1.0, scale))], -1)
    chosen = least(values, torch.ones(6000, 4, dtype=torch.bool), torch.rand(6000, 4, generator=random))
    counts = torch.bincount(chosen, minlength=4)
    assert counts[3] == 0
    assert bool((counts[:3] - 2000).abs().max() < 150)


def test_infinite_values_that_are_eligible_come_before_others() -> None:
    values = torch.full((50, 4), INFINITE)
    eligible = torch.tensor([False, True, True, False]).expand(50, 4)
    assert set(least(values, eligible, torch.rand(50, 4)).tolist()) == {1, 2}


def test_a_walk_does_not_move_at_a_tie() -> None:
    values, others = torch.tensor([[1 - 1e-10, 1 - 1e-8, -INFINITE], [1.0, 1.0, 0.0]], dtype=torch.float64)
    assert is_less(values, others).tolist() == [False, True, True]


def test_a_problem_breaks_ties_by_the_replicate_alone() -> None:
    values = torch.zeros(4, 9)
    eligible = torch.arange(9) < 5
    together = problem_of("fir-natural", range(4)).least(values, eligible.expand(4, -1))
    alone = [problem_of("fir-natural", range(s, s + 1)).least(values[:1, :6], eligible[None, :6]) for s in range(4)]
    assert together.tolist() == torch.cat(alone).tolist()
    assert (
        len(set(problem_of("fir-natural", range(30)).least(torch.zeros(30, 9), eligible.expand(30, -1)).tolist())) > 3
    )
