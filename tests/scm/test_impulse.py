"""An impulse response: its loss, and which losses count as a fit of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from draws import each_seed, kernels
from scipy import stats

from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.observations.fitting import chi2_quantile_95
from indmech_bench.scm.observations.impulse import Impulse

MODEL = ConvolutionCascade((5, 4), 16)


@pytest.mark.parametrize("n", [16, 17])
@each_seed()
def test_the_impulse_loss_is_the_relative_squared_distance_of_kernels(n: int, seed: int) -> None:
    model = ConvolutionCascade((5, 4), n)
    kernel = np.random.default_rng(seed).standard_normal((3, n))
    parameters = kernels(seed + 1, (5, 4), 3, 2)
    losses = Impulse(model, torch.from_numpy(kernel)).loss(parameters)
    for r, s in np.ndindex(3, 2):
        made = np.pad(np.convolve(parameters["k1"][r, s].numpy(), parameters["k2"][r, s].numpy()), (0, n - 8))
        assert np.isclose(float(losses[r, s]), ((made - kernel[r]) ** 2).sum() / (kernel[r] ** 2).sum(), rtol=1e-11)


@pytest.mark.parametrize("noise_share", [0.0, 0.01])
def test_nan_never_fits(noise_share: float) -> None:
    observation = Impulse(MODEL, torch.ones(3, 16, dtype=torch.float64), noise_share)
    nan = torch.nan
    losses = torch.tensor([[nan, 0.5, 0.0], [nan, nan, nan], [torch.inf, nan, 1e-12]], dtype=torch.float64)
    fits = observation.fits(losses)
    assert not bool((fits & losses.isnan()).any())
    assert fits.any(-1).tolist() == [True, False, True]


def test_without_noise_a_start_fits_up_to_ten_times_the_best_or_to_1e_8() -> None:
    observation = Impulse(MODEL, torch.ones(2, 16, dtype=torch.float64))
    losses = torch.tensor([[1e-3, 0.9e-2, 1.1e-2, 1.0], [1e-20, 0.9e-8, 1.1e-8, 1.0]], dtype=torch.float64)
    assert observation.fits(losses).tolist() == [[True, True, False, False]] * 2


def test_with_noise_a_start_fits_within_the_likelihood_ratio_of_the_best() -> None:
    observation = Impulse(MODEL, torch.ones(1, 16, dtype=torch.float64), noise_share=0.01)
    threshold = float(stats.chi2.ppf(0.95, 5 + 4 - 1)) * 0.01 / 16
    losses = 0.3 + threshold * torch.tensor([[0.0, 0.99, 1.01]], dtype=torch.float64)
    assert observation.fits(losses).tolist() == [[True, True, False]]


@pytest.mark.parametrize("degrees", [3, 8, 13, 100])
def test_the_chi_squared_quantile_is_that_of_scipy(degrees: int) -> None:
    assert np.isclose(chi2_quantile_95(degrees), stats.chi2.ppf(0.95, degrees), rtol=6e-3)
