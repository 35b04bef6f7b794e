"""Ranks by a mean over families of means over tasks: what moves them, and what their intervals and tiers promise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from indmech_bench.statistics import resampling
from indmech_bench.statistics.estimates import interquartile_mean
from indmech_bench.statistics.rankings import Ranking, Scores, rank_methods, weights

FAMILIES = ("fir", "fir", "fir", "fork", "linear", "linear")


def drawn(seed: int, methods: int, families: Sequence[str] = FAMILIES, seeds: int = 16) -> np.ndarray:
    """Scores (methods, tasks, seeds) in which methods, and how they do on each task, differ a little."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(methods, 1, 1)) + random.normal(size=(methods, len(families), 1))
    return 1 / (1 + np.exp(-logits - random.normal(size=(methods, len(families), seeds))))


def ranked(scores: np.ndarray, families: Sequence[str] = FAMILIES) -> Ranking:
    return rank_methods([Scores(tuple(method), tuple(families)) for method in scores])


def aggregate(scores: np.ndarray, families: Sequence[str]) -> float:
    """Written out: the mean over families of the mean over their tasks of the interquartile mean."""
    by_family: dict[str, list[float]] = {}
    for family, sample in zip(families, scores, strict=True):
        by_family.setdefault(family, []).append(interquartile_mean(sample))
    return float(np.mean([np.mean(means) for means in by_family.values()]))


def brute(scores: np.ndarray, families: Sequence[str]) -> list[int]:
    return rankdata([-aggregate(method, families) for method in scores], method="min").astype(int).tolist()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), families=st.lists(st.sampled_from("abcd"), min_size=2, max_size=7))
def test_ranks_and_those_without_each_task_are_the_brute_force_ones(seed: int, families: list[str]) -> None:
    scores = drawn(seed, 5, families)
    found = ranked(scores, families)
    assert found.ranks.tolist() == brute(scores, families)
    assert found.left_out is not None
    for task in range(len(families)):
        left = [*families[:task], *families[task + 1 :]]
        assert found.left_out[:, task].tolist() == brute(np.delete(scores, task, axis=1), left)


def test_failing_every_seed_of_a_task_costs_just_that_task() -> None:
    """In one pool of all rows a task that is never in the middle half could be failed for nothing."""
    scores = drawn(0, 1)[0]
    scores[3] = 0.01 + 0.001 * np.arange(16)  # the worst of all rows
    failing = scores.copy()
    failing[3] = 0.0
    assert interquartile_mean(failing.ravel()) == interquartile_mean(scores.ravel())
    before, after = (Scores(tuple(one), FAMILIES).aggregate for one in (scores, failing))
    assert before - after == pytest.approx(interquartile_mean(scores[3]) / 3)  # alone in one of three families


def test_families_count_alike_and_tasks_within_them() -> None:
    assert weights(FAMILIES) == pytest.approx([1 / 9, 1 / 9, 1 / 9, 1 / 3, 1 / 6, 1 / 6])


@pytest.mark.parametrize("seed", range(3))
def test_raising_a_method_never_lowers_it(seed: int) -> None:
    scores = drawn(seed, 4)
    better = scores.copy()
    better[2] += 0.1 * np.random.default_rng(seed).random(better[2].shape)
    before, after = ranked(scores), ranked(better)
    assert after.ranks[2] <= before.ranks[2]
    for one, other in ((after.intervals, before.intervals), (after.left_out, before.left_out)):
        assert one is not None
        assert other is not None
        assert (one[2] <= other[2]).all()


def test_the_order_of_methods_and_of_tasks_changes_nothing_but_their_order() -> None:
    scores = drawn(4, 5)
    methods, tasks = np.random.default_rng(1).permutation(5), np.array([3, 0, 2, 1, 5, 4])
    found, other = ranked(scores), ranked(scores[methods][:, tasks], [FAMILIES[task] for task in tasks])
    assert (other.ranks == found.ranks[methods]).all()
    assert found.left_out is not None
    assert other.left_out is not None
    assert (other.left_out == found.left_out[methods][:, tasks]).all()
    turned = ranked(scores[methods])
    assert (turned.intervals == found.intervals[methods]).all()  # type: ignore[index]
    assert (turned.tiers == found.tiers[methods]).all()  # type: ignore[index]


def test_methods_that_are_the_same_share_rank_interval_and_tier() -> None:
    scores = drawn(1, 3)
    found = ranked(np.concatenate([scores, scores[:1] + 1e-9]))
    assert found.ranks[0] == found.ranks[3]
    assert found.intervals is not None
    assert found.tiers is not None
    assert (found.intervals[0] == found.intervals[3]).all()
    assert found.tiers[0] == found.tiers[3]


def test_tiers_open_with_the_best_of_those_that_are_told_from_the_tier_before() -> None:
    base = drawn(2, 1)[0] / 2
    noise = 0.01 * np.random.default_rng(0).normal(size=(5, *base.shape))
    found = ranked(base + np.array([0.0, 0.2, 0.2, 0.4, 0.4])[:, None, None] + noise)
    assert found.tiers is not None
    assert found.tiers.tolist() == [3, 2, 2, 1, 1]


def test_a_method_that_wins_in_one_family_alone_is_not_told_from_the_others() -> None:
    """Its seeds leave no doubt; that there happens to be that family does."""
    scores = 0.5 + 0.001 * np.random.default_rng(0).normal(size=(2, 6, 16))
    scores[0, 3] += 0.4
    found = ranked(scores)
    assert found.ranks.tolist() == [1, 2]
    assert found.tiers is not None
    assert found.tiers.tolist() == [1, 1]
    alone = ranked(scores[:, 3:4], ["fork"])
    assert alone.tiers is not None
    assert alone.tiers.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("families", "resampled"),
    [(FAMILIES, "families and seeds"), (["a"] * 6, "tasks and seeds"), (["a"], "seeds")],
)
def test_what_is_drawn_again_depends_on_what_there_is(families: Sequence[str], resampled: str) -> None:
    found = ranked(drawn(0, 3, families), families)
    assert found.resampled == resampled
    assert (found.left_out is None) == (len(families) == 1)
    assert ranked(drawn(0, 3, families, seeds=7), families).intervals is None


def test_the_interval_of_a_rank_covers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Families are drawn from a population, in which methods have true ranks that one sample of eight often misses."""
    monkeypatch.setattr(resampling, "RESAMPLES", (500, 500))
    resampling.resample_counts.cache_clear()
    random = np.random.default_rng(0)
    effects = np.array([0.8, 0.6, 0.4, 0.2])
    families = [str(i // 2) for i in range(16)]
    covered, missed = [], []
    for _ in range(150):
        own = np.repeat(0.5 * random.normal(size=(4, 8)), 2, axis=1) + 0.2 * random.normal(size=(4, 16))
        scores = effects[:, None, None] + own[:, :, None] + random.normal(size=(4, 16, 8))
        found = ranked(scores, families)
        assert found.intervals is not None
        low, high = found.intervals.T
        covered.append((low <= np.arange(1, 5)) & (np.arange(1, 5) <= high))
        missed.append(found.ranks != np.arange(1, 5))
    resampling.resample_counts.cache_clear()
    assert np.mean(missed) > 0.3
    assert np.mean(covered) >= 0.93
