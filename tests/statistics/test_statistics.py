"""Intervals cover what they promise, and rank tests are right, by simulation and against scipy."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from scipy import stats

from indmech_bench.statistics import resampling
from indmech_bench.statistics.estimates import interquartile_mean, median_interval, range_of_several, wilson_interval
from indmech_bench.statistics.ranks import critical_difference, mean_ranks, probability_of_improvement, profiles
from indmech_bench.statistics.resampling import (
    interquartile_mean_interval,
    mean_interval,
    median_difference_interval,
    ratio_of_gains_interval,
)
from indmech_bench.statistics.significance import (
    differences,
    holm,
    rank_sum_pvalue,
    rates_pvalue,
    sign_pvalue,
    signed_rank_pvalue,
    tied_ranks,
)

REPETITIONS = 1500
"""Standard error of a coverage of 95 %: 0.6 %."""
INF = float("inf")

Draw = Callable[[np.random.Generator, int], np.ndarray]


def bimodal(share: float) -> Draw:
    """Scores of which a share is identified, close to 1; of the others log e is normal around 0."""

    def draw(random: np.random.Generator, n: int) -> np.ndarray:
        spread = 1 / (1 + np.exp(0.5 * random.normal(size=n)))
        return np.where(random.random(n) < share, 1 - 1e-3 * random.random(n), spread)

    return draw


DRAWS: dict[str, Draw] = {
    "normal": lambda random, n: random.normal(size=n),
    "skewed": lambda random, n: random.exponential(size=n),
    "half identified": bimodal(0.5),
    "a tenth identified": bimodal(0.1),
}


def coverage(draw: Draw, n: int, truth: float, interval: Callable[[np.ndarray], tuple[float, float] | None]) -> float:
    random = np.random.default_rng(3)
    hits = 0
    for _ in range(REPETITIONS):
        bounds = interval(draw(random, n))
        assert bounds is not None
        hits += bounds[0] <= truth <= bounds[1]
    return hits / REPETITIONS


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fewer resamples: intervals are no narrower for it on average."""
    monkeypatch.setattr(resampling, "RESAMPLES", (500, 500))
    resampling.resample_counts.cache_clear()
    yield
    resampling.resample_counts.cache_clear()


def of_one_sample(values: np.ndarray) -> tuple[float, float] | None:
    return interquartile_mean_interval([values])


def iqm_of_law(draw: Draw) -> float:
    return interquartile_mean(draw(np.random.default_rng(0), 1_000_000))


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_intervals_of_interquartile_means_cover(quick: None, draw: Draw) -> None:
    assert 0.93 <= coverage(draw, 32, iqm_of_law(draw), of_one_sample) <= 0.97


def test_without_the_widening_a_mode_of_a_third_is_not_covered(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = bimodal(0.3)
    truth = iqm_of_law(draw)
    assert 0.93 <= coverage(draw, 32, truth, of_one_sample) <= 0.97
    monkeypatch.setattr(resampling, "_tail", lambda n, samples: 1.96)
    assert coverage(draw, 32, truth, of_one_sample) < 0.93


def test_stratified_intervals_cover(quick: None) -> None:
    """Of a mean over tasks: two of three weigh half as much, one of them is bimodal."""
    laws, weights = (DRAWS["half identified"], DRAWS["normal"], DRAWS["skewed"]), [0.5, 0.25, 0.25]
    truth = float(np.dot(weights, [iqm_of_law(law) for law in laws]))

    def draw(random: np.random.Generator, n: int) -> np.ndarray:
        return np.stack([law(random, n) for law in laws])

    def interval(values: np.ndarray) -> tuple[float, float] | None:
        return interquartile_mean_interval(values, weights)

    assert 0.93 <= coverage(draw, 16, truth, interval) <= 0.97


def test_intervals_of_shares_of_wins_cover(quick: None) -> None:
    def interval(scores: np.ndarray) -> tuple[float, float] | None:
        return probability_of_improvement(scores, np.full(len(scores), 0.5), [0] * len(scores))[1]

    def draw(random: np.random.Generator, n: int) -> np.ndarray:
        return random.choice([1.0, 0.5, 0.0], n, p=[0.4, 0.35, 0.25])  # wins, ties, losses

    assert 0.93 <= coverage(draw, 64, 0.4 + 0.35 / 2, interval) <= 0.97


def test_intervals_of_differences_of_medians_cover(quick: None) -> None:
    random = np.random.default_rng(5)
    hits = 0
    for _ in range(1000):
        bounds = median_difference_interval(random.exponential(size=64), 1 + random.exponential(size=64))
        assert bounds is not None
        hits += bounds[0] <= 1 <= bounds[1]
    assert 0.93 <= hits / 1000 <= 0.97


@pytest.mark.parametrize("n", [8, 32])
def test_intervals_of_ratios_of_gains_cover(n: int) -> None:
    random, hits = np.random.default_rng(6), 0
    for _ in range(500):
        low = 0.7 + 0.05 * random.standard_normal(n)
        whole = 0.2 + 0.05 * random.standard_normal(n)
        bounds = ratio_of_gains_interval(low + 0.1 + 0.05 * random.standard_normal(n), low, low + whole)
        assert bounds is not None
        hits += bounds[0] <= 0.5 <= bounds[1]
    assert 0.92 <= hits / 500 <= 0.98


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("n", [32, 128])
def test_wilson_covers(rate: float, n: int) -> None:
    chance = stats.binom.pmf(np.arange(n + 1), n, rate)
    covered = [low <= rate <= high for low, high in (wilson_interval(k, n) for k in range(n + 1))]
    assert 0.92 <= float(chance[covered].sum()) <= 0.99


@pytest.mark.parametrize("n", [6, 32, 40, 64, 200])
def test_the_interval_of_a_median_is_the_narrowest_of_its_kind_that_covers(n: int) -> None:
    interval = median_interval(np.arange(1, n + 1))
    assert interval is not None
    k = int(interval[0])
    assert interval[1] == n + 1 - k
    below = stats.binom.cdf([k - 1, k], n, 0.5)
    assert below[0] <= 0.025 < below[1]
    if n in (40, 64, 200):  # at 32 the steps of the binomial are wide: 98 %
        assert 0.95 <= 1 - 2 * below[0] <= 0.97


def test_few_values_have_no_interval() -> None:
    assert interquartile_mean_interval([[0.5] * 7]) is None
    assert interquartile_mean_interval([[0.5] * 70, [0.5] * 7]) is None
    assert mean_interval([[0.5] * 3, [0.5] * 4]) is None
    assert median_difference_interval([0.5] * 7, [0.5] * 50) is None
    assert median_interval([0.5] * 5) is None


def test_intervals_are_the_same_every_time_and_know_their_samples() -> None:
    samples = np.linspace(0, 1, 16), np.linspace(5, 6, 16)
    assert interquartile_mean_interval(samples) == interquartile_mean_interval(samples)
    free, held = interquartile_mean_interval([np.concatenate(samples)]), interquartile_mean_interval(samples)
    assert free is not None
    assert held is not None
    assert held[1] - held[0] < (free[1] - free[0]) / 3


def test_interquartile_means_of_resamples_are_those_of_sorted_values() -> None:
    random = np.random.default_rng(1)
    samples = random.normal(size=37), random.normal(size=12)
    counts = np.split(resampling.resample_counts((37, 12)), [37])
    assert all((drawn.sum(axis=0) == len(drawn)).all() for drawn in counts)
    for sample, drawn, quick in zip(samples, counts, resampling.interquartile_means(samples), strict=True):
        repeated = [interquartile_mean(np.repeat(sample, count)) for count in drawn.T[:20]]
        assert quick[:20] == pytest.approx(repeated)
        without = [interquartile_mean(np.delete(np.sort(sample), i)) for i in range(len(sample))]
        assert resampling._left_out(np.sort(sample)) == pytest.approx(without)


def test_samples_of_one_size_are_resampled_each_for_itself() -> None:
    first, second = np.split(resampling.resample_counts((32, 32)), 2)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05


@pytest.mark.parametrize("n", [5, 20, 50])
def test_signed_ranks_are_exact(n: int) -> None:
    moved = np.random.default_rng(n).normal(0.3, 1, size=n)
    assert signed_rank_pvalue(moved) == pytest.approx(stats.wilcoxon(moved, method="exact").pvalue)


def test_signed_ranks_are_exact_with_ties_and_infinities() -> None:
    moved = np.array([1, 1, -1, 2, INF, INF, -2, 3, 0, 0, INF])
    ranks = stats.rankdata(np.abs(moved[moved != 0]))
    observed = ranks[moved[moved != 0] > 0].sum()
    sums = np.array([ranks[np.array(signs)].sum() for signs in itertools.product([False, True], repeat=len(ranks))])
    far = np.abs(sums - ranks.sum() / 2) >= abs(observed - ranks.sum() / 2) - 1e-9
    assert signed_rank_pvalue(moved) == pytest.approx(far.mean())


def test_signed_ranks_of_many_differences_are_normal() -> None:
    moved = np.round(np.random.default_rng(1).normal(0.1, 1, size=300), 1)
    moved = moved[moved != 0]
    expected = stats.wilcoxon(moved, method="asymptotic", correction=True).pvalue
    assert signed_rank_pvalue(moved) == pytest.approx(expected)
    assert signed_rank_pvalue(np.zeros(10)) == 1


def test_of_zeros_and_ones_signed_ranks_are_mcnemar() -> None:
    assert signed_rank_pvalue([1] * 9 + [-1] * 2 + [0] * 30) == pytest.approx(stats.binomtest(2, 11).pvalue)


@pytest.mark.parametrize("n", [1, 12, 300])
def test_signs_are_tested_exactly(n: int) -> None:
    moved = np.round(np.random.default_rng(n).normal(0.2, 1, size=n), 1)
    better, worse = int((moved > 0).sum()), int((moved < 0).sum())
    assert sign_pvalue(moved) == pytest.approx(stats.binomtest(better, better + worse).pvalue)
    assert sign_pvalue(moved) == sign_pvalue(-(moved**3))
    assert sign_pvalue(np.zeros(10)) == 1


def test_false_findings_are_as_rare_as_promised() -> None:
    random = np.random.default_rng(2)
    small = [signed_rank_pvalue(random.normal(size=32)) < 0.05 for _ in range(1000)]
    assert 0.03 <= np.mean(small) <= 0.07


def test_differences_in_the_last_bits_are_ties_and_two_failures_too() -> None:
    moved = differences([1.0, 1e-31, 5e8, INF, INF, 0.2], [1.0 + 1e-9, 3e-9, 5e8 + 1, INF, 0.1, INF])
    assert moved.tolist() == [0, 0, 0, 0, -INF, INF]


def test_tied_values_share_their_rank() -> None:
    ranks = tied_ranks([[3.0, 1e-30, 1e-20, INF, INF], [1.0, 2.0, 3.0, 4.0, 5.0]])
    assert ranks.tolist() == [[3, 1.5, 1.5, 4.5, 4.5], [1, 2, 3, 4, 5]]


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_independent_samples() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 30))
    assert rank_sum_pvalue(a, b + 1) == pytest.approx(stats.mannwhitneyu(a, b + 1).pvalue)
    assert rank_sum_pvalue([INF] * 9, [INF] * 5) == 1
    assert rank_sum_pvalue([1.0] * 20, [1.0 + 1e-9] * 20) == 1
    assert rates_pvalue(0, 20, 20, 20) < 1e-9


def test_critical_differences_and_groups() -> None:
    scores = -np.exp(np.random.default_rng(0).normal(size=(64, 4))) * [1, 1, 8, 8]
    found = critical_difference(scores, ["a", "b", "c", "d"])
    assert {frozenset(clique) for clique in found.cliques} == {frozenset("ab"), frozenset("cd")}
    # Demsar (2006), table 5: q_0.05 = 2.569 for four methods
    assert found.difference == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 64)), rel=1e-3)
    assert found.friedman < 1e-6


def test_a_method_that_fails_on_its_worst_half_never_stands_better() -> None:
    random = np.random.default_rng(0)
    errors = np.exp(random.normal(size=(64, 3)))
    crashing = np.where(errors[:, 0] > np.median(errors[:, 0]), INF, errors[:, 0])
    table = np.column_stack([errors, crashing])
    scores = 1 / (1 + table)
    ranks, shares = mean_ranks(scores), profiles(table)
    assert ranks[3] > ranks[0]
    assert (shares[3] <= shares[0]).all()
    for other in (1, 2):
        own = probability_of_improvement(scores[:, 3], scores[:, other], [0] * 64)[0]
        assert own <= probability_of_improvement(scores[:, 0], scores[:, other], [0] * 64)[0]
    assert probability_of_improvement(scores[:, 3], scores[:, 0], [0] * 64)[0] < 0.5


def test_a_range_is_of_several_values() -> None:
    assert range_of_several([3.0, 1.0, 2.0]) == (1.0, 3.0)
    assert range_of_several([3.0]) is None
