"""Priors that are not Gaussian, layouts of spikes, and the dimension axis."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from draws import problem_of, truth_of

from indmech_bench import count_solutions, get_method, get_task
from indmech_bench.errors import InputError
from indmech_bench.scoring.scores import score
from indmech_bench.tasks.chains.fir_priors import PRIORS

RANDOM = np.random.default_rng(4)
SIZE = 20_000
EYES = ("eyes-natural", "eyes-independent", "eyes-dependent")


@pytest.mark.parametrize("length", [2, 5, 9])
def test_sparse_kernels_have_two_fifths_of_their_taps_anywhere(length: int) -> None:
    taps = PRIORS["sparse"](RANDOM, SIZE, length)
    present = taps != 0
    assert set(present.sum(1)) == {max(2, round(0.4 * length))}
    assert np.abs(present.mean(0) - present.mean()).max() < 0.02


def test_heavy_tails_are_those_of_students_t() -> None:
    taps = np.abs(PRIORS["heavy-tailed"](RANDOM, SIZE, 9))
    for level in (0.5, 0.99):  # P(|t| <= x) = x / sqrt(2 + x^2)
        x = math.sqrt(2 * level**2 / (1 - level**2))
        assert abs((taps <= x).mean() - level) < 0.01


def test_smooth_kernels_are_low_pass_and_stationary() -> None:
    taps = PRIORS["smooth"](RANDOM, SIZE, 9)
    variance = taps.var(0)
    assert np.abs(variance / variance.mean() - 1).max() < 0.05
    lag_one = (taps[:, 1:] * taps[:, :-1]).mean() / variance.mean()
    assert lag_one == pytest.approx(56 / 70, abs=0.01)  # of (1, 4, 6, 4, 1): binomial coefficients (8, 3) / (8, 4)


def test_decaying_kernels_fall_to_a_twentieth() -> None:
    spread = PRIORS["decaying"](RANDOM, SIZE, 9).std(0)
    assert np.abs(spread / np.exp(-3 * np.arange(9) / 9) - 1).max() < 0.05


def test_smooth_mechanisms_depend_and_iid_ones_do_not() -> None:
    ratios = {name: truth_of(name, range(200)) for name in ("fir-natural", "fir-smooth", "fir-decaying")}
    means = {name: float(t.model.log_generic_ratio(t.parameters).mean()) for name, t in ratios.items()}
    assert means["fir-smooth"] > 0.4
    assert max(abs(means["fir-natural"]), abs(means["fir-decaying"])) < 0.06


@pytest.mark.parametrize("name", EYES)
def test_what_is_shown_of_eyes_has_no_more_zeros_than_the_truth(name: str) -> None:
    truth, shown = truth_of(name, range(20)), problem_of(name, range(20)).observations[:, :31].numpy()
    counts = [count_solutions(composite, (24, 8)) for composite in truth.composites()]
    assert [count_solutions(row, (24, 8)) for row in shown] == counts
    assert [*(shown == 0).sum(1)] == [int((composite == 0).sum()) for composite in truth.composites()]


def test_distances_of_eyes_are_those_that_their_names_say() -> None:
    distances = {}
    for name in EYES:
        layouts = truth_of(name, range(150)).parameters["k1"].numpy() != 0
        distances[name] = [int(np.ptp(np.flatnonzero(row))) for row in layouts]
    assert min(distances["eyes-independent"]) == 8
    assert max(distances["eyes-dependent"]) == 7
    natural = np.bincount(distances["eyes-natural"], minlength=24)[1:]
    assert len(natural) == 23
    assert natural[:7].sum() == pytest.approx(150 * 7 / 23, abs=4 * math.sqrt(150 * 7 / 23 * 16 / 23))


@pytest.mark.parametrize("criterion", ["lag-one", "sparse-first"])
def test_what_geometry_fixes_finds_the_truth_where_geometry_makes_rho_one(criterion: str) -> None:
    """Placebos: so that the ratio does so there says nothing of independence."""
    truth, problem = truth_of("eyes-independent", range(12)), problem_of("eyes-independent", range(12))
    solution = get_method(f"root-search-{criterion}").fit(problem)
    assert float(score(truth, solution)["identified"].mean()) == 1.0


def test_ties_of_the_ratio_are_not_decided_by_rounding_where_geometry_makes_rho_one() -> None:
    truth, problem = truth_of("eyes-independent", range(40)), problem_of("eyes-independent", range(40))
    identified = float(score(truth, get_method("root-search-independent").fit(problem))["identified"].mean())
    assert 0.3 < identified < 0.85


@pytest.mark.parametrize(("name", "spread"), [("concentration-64", 0.3), ("concentration-1024", 0.08)])
def test_log_rho_concentrates_with_the_dimension(name: str, spread: float) -> None:
    truth = truth_of(name, range(24))
    assert float(truth.model.log_generic_ratio(truth.parameters).std()) < spread


def test_log_rho_concentrates_with_the_channels() -> None:
    spreads = []
    for channels in (1, 4, 16):
        truth = truth_of(f"channels-4:channels={channels}", range(150))
        spreads.append(float(truth.model.log_generic_ratio(truth.parameters).std()))
    assert spreads[0] > 1.5 * spreads[1] > 2.25 * spreads[2]


def test_lengths_of_deep_chains_fill_seven_eighths_of_the_signal() -> None:
    for depth in (2, 3, 8):
        lengths = get_task(f"concentration-256:depth={depth}").lengths
        assert len(lengths) == depth
        assert 0.85 * 256 < sum(lengths) <= 7 / 8 * 256
        assert sorted(lengths, reverse=True) == [*lengths]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fir-sparse:prior=spars", "unknown prior 'spars': did you mean 'sparse'"),
        ("concentration-64:n=100", "n 100 must be a multiple of 64, such as 64"),
        ("channels-4:observation=impulse", "observation 'impulse'"),
    ],
)
def test_settings_that_make_no_task_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        get_task(text)


def test_composites_are_tap_by_tap() -> None:
    truth = truth_of("concentration-256", range(3))
    by_transfer = torch.fft.irfft(truth.model.composite(truth.parameters), n=256)
    assert torch.allclose(truth.model.impulse(truth.parameters), by_transfer, atol=1e-12)
