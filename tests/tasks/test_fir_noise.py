"""What the FIR task shows of a truth: its scale, and its noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from draws import problem_of, task_and_streams, truth_of
from scipy import stats

from indmech_bench.problem.gauss_newton import levenberg_marquardt


def test_observations_have_mean_power_one_and_solutions_the_truths_scale() -> None:
    truth = truth_of("fir-natural:noise=20", range(5))
    task, drawn_streams = task_and_streams("fir-natural:noise=20", "truth", range(5))
    observation = task.observe(truth.parameters, drawn_streams)
    problem = problem_of("fir-natural:noise=20", range(5))
    own_scale = truth.model.rescale(truth.parameters, 1 / observation.kernel.norm(dim=-1))
    solved = problem.solution(own_scale).parameters
    assert solved is not None
    assert torch.allclose(problem.observations.norm(dim=-1), torch.ones(5).double(), rtol=1e-13)
    assert torch.allclose(problem.observations * observation.kernel.norm(dim=-1)[:, None], observation.kernel)
    assert torch.allclose(solved["k1"], truth.parameters["k1"], rtol=1e-12)
    assert torch.equal(solved["k2"], truth.parameters["k2"])


def test_a_noisy_observation_does_not_depend_on_which_others_are_drawn() -> None:
    among, alone = problem_of("fir-natural:noise=20", range(6)), problem_of("fir-natural:noise=20", [4])
    assert torch.equal(among.observations[4], alone.observations[0])


@pytest.mark.parametrize("decibel", [10, 20, 40])
def test_the_noise_has_the_power_that_was_asked_for(decibel: int) -> None:
    text = f"fir-natural:noise={decibel}"
    truth = truth_of(text, range(200))
    task, drawn_streams = task_and_streams(text, "truth", range(200))
    noisy = task.observe(truth.parameters, drawn_streams)
    clean = torch.fft.irfft(truth.model.composite(truth.parameters), n=64)
    noise = noisy.kernel - clean
    assert np.isclose(10 * np.log10(1 / float(noise.square().sum(-1).mean())), decibel, atol=0.2)
    assert np.isclose(noisy.noise_share, float(noise.square().sum() / noisy.kernel.square().sum()), rtol=0.05)
    assert stats.kstest((noise * np.sqrt(64 * 10 ** (decibel / 10))).flatten().numpy(), "norm").pvalue > 1e-3


def test_the_truth_fits_a_noisy_observation_in_95_percent_of_draws() -> None:
    text = "fir-natural:noise=20"
    problem, truth = problem_of(text, range(300)), truth_of(text, range(300))
    task, drawn_streams = task_and_streams(text, "truth", range(300))
    _, scale = task.observe(truth.parameters, drawn_streams).normalised(torch.float64)
    start = truth.model.rescale(truth.parameters, 1 / scale)
    _, best = levenberg_marquardt(problem, start, steps=100)
    fits = problem.fits(torch.stack([problem.loss(start), best], -1))
    assert 0.90 < float(fits[:, 0].double().mean()) < 0.99
    assert bool(fits[:, 1].all())
