"""What methods for physical kernels rest on, and what they are held to."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conftest import outcomes
from draws import problem_of, truth_of
from indmech_baselines.minimum_entropy import _spiky, _window
from indmech_baselines.richardson_lucy import _updated

from indmech_bench import UnsupportedError, get_method
from indmech_bench.harness.cells import make_cells
from indmech_bench.registry.catalogue import Catalogue

NON_NEGATIVE = ("richardson-lucy", "non-negative-least-squares")


def identified(method: str, seeds: list[int], task: str) -> float:
    return float(np.mean([row["metrics"]["identified"] for row in outcomes(method, seeds, task).values()]))


@pytest.mark.parametrize("criterion", ["independent", "min-norm", "flat"])
def test_walks_from_all_starts_end_at_the_choice_among_all_solutions(criterion: str) -> None:
    seeds = list(range(8))
    listed = outcomes(f"root-search-{criterion}", seeds, "fir-natural")
    walked = outcomes(f"swap-search-{criterion}", seeds, "fir-natural")
    same = [
        walked[seed]["metrics"]["log_generic_ratio"]
        == pytest.approx(listed[seed]["metrics"]["log_generic_ratio"], abs=1e-6)
        for seed in seeds
    ]
    assert sum(same) >= 7


def test_walks_end_with_the_budget() -> None:
    rows = outcomes("swap-search-flat:starts=8", [0, 1], "seismic-sparse", budget=20_000)
    assert all(row["status"] == "ok" and row["cost"] <= 20_000 for row in rows.values())


@pytest.mark.parametrize("method", NON_NEGATIVE)
def test_non_negative_kernels_stay_so_and_skip_what_has_negative_taps(method: str) -> None:
    solution = get_method(f"{method}:starts=2").fit(problem_of("optics-stars", [0, 1]))
    assert all(float(value.min()) >= 0 for value in solution.parameters.values())
    for task in ("seismic-sparse", "optics-scene", "fir-spectrum"):
        with pytest.raises(UnsupportedError):
            get_method(method).fit(problem_of(task, [0, 1]))


def test_an_update_of_richardson_and_lucy_keeps_the_total_and_raises_the_likelihood() -> None:
    generator = np.random.default_rng(0)
    k1, k2 = (torch.from_numpy(generator.random((1, 1, length))) for length in (9, 24))
    shown = torch.from_numpy(generator.random((1, 1, 128)))
    shown[..., 32:] = 0

    def likelihood(first: torch.Tensor, second: torch.Tensor) -> float:
        model = torch.from_numpy(np.convolve(first[0, 0], second[0, 0]))
        return float((shown[0, 0, :32] * model.log() - model).sum())

    k2 = k2 * shown.sum() / (k1.sum() * k2.sum())
    updated = _updated(k2, k1, shown, 128)
    assert float(updated.sum() * k1.sum()) == pytest.approx(float(shown.sum()), rel=1e-9)
    assert likelihood(k1, updated) > likelihood(k1, k2)


def test_minimum_entropy_finds_spikes_behind_a_wavelet_with_a_stable_inverse() -> None:
    spikes = torch.zeros(1, 128, dtype=torch.float64)
    spikes[0, [3, 20, 41]] = torch.tensor([1.0, -0.7, 0.5], dtype=torch.float64)
    shown = spikes + 0.6 * spikes.roll(1, -1) + 0.2 * spikes.roll(2, -1)
    found = _window(_spiky(shown / shown.square().sum().sqrt(), 32, 50), 39)
    assert float((found[0] / found.abs().max()).abs().sort(descending=True).values[3:].max()) < 0.05


def test_references_that_are_told_the_prior_stand_beside_physics_alone() -> None:
    told = {"sparse-prior", "symmetric-prior"}
    for task, expected in (("optics-stars", told), ("optics-stars-gaussian", set()), ("fir-natural", set())):
        cells = make_cells(Catalogue.read(), [task], [], salt="", budget=None, precision="float64", training="plain")
        assert {cell.method.name for cell in cells} & told == expected


def test_who_is_told_the_prior_finds_the_truth() -> None:
    seeds = list(range(6))
    assert identified("sparse-prior", seeds, "optics-stars") >= 5 / 6
    assert identified("symmetric-prior", seeds, "optics-stars") >= 5 / 6
    truth = truth_of("source-green", seeds)
    k1 = truth.parameters["k1"]
    assert float(((k1 * k1.flip(-1)).sum(-1) / k1.square().sum(-1)).max()) < 1 - 1e-6  # no zero phase to be told
