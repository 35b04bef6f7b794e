"""The null of log rho, its p-value, and the placebo statistic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from draws import each_seed, kernels, truth_of
from scipy import stats

from indmech_bench.scm.genericity import NULL_SIZE, Null, log_ratio_of_laws, placebo_statistic, prior_null
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.models.environments import SharedConvolution
from indmech_bench.scm.models.fork import Fork
from indmech_bench.scm.models.linear import LinearCascade
from indmech_bench.scm.models.linear_environments import LinearEnvironments
from indmech_bench.scm.models.protocol import Model

NINE_FIVE = ConvolutionCascade((9, 5), 64)


def test_pvalues_of_natural_truths_are_uniform() -> None:
    truth = truth_of("fir-natural", range(500))
    pvalues = prior_null(truth.model).pvalue(truth.model.log_generic_ratio(truth.parameters))
    assert stats.kstest(pvalues.numpy(), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("text", ["fir-natural:taps=3x2", "fir-natural:taps=32x32"])
def test_the_null_is_of_the_learners_own_lengths(text: str) -> None:
    truth = truth_of(text, range(600))  # two taps would be redrawn often: modulation hardly moves them
    pvalues = prior_null(truth.model).pvalue(truth.model.log_generic_ratio(truth.parameters))
    other = prior_null(NINE_FIVE).pvalue(truth.model.log_generic_ratio(truth.parameters))
    assert stats.kstest(pvalues.numpy(), "uniform").pvalue > 1e-3
    assert stats.kstest(other.numpy(), "uniform").pvalue < 1e-3


@pytest.mark.parametrize(("taps", "n", "low", "high"), [(9, 256, 0.58, 1.51), (129, 516, 0.85, 1.17)])
def test_null_quantiles_of_the_density_ratio_are_those_of_the_theory(
    taps: int, n: int, low: float, high: float
) -> None:
    rho = prior_null(ConvolutionCascade((taps, taps), n)).log_ratios.exp().numpy()
    assert np.allclose(np.quantile(rho, [0.05, 0.95]), [low, high], atol=0.02)


def test_the_null_holds_as_many_ratios_as_it_says_and_is_always_the_same() -> None:
    first = prior_null(NINE_FIVE).log_ratios
    prior_null.cache_clear()
    assert first.shape == (NULL_SIZE,)
    assert torch.equal(prior_null(NINE_FIVE).log_ratios, first)


def test_the_pvalue_counts_null_ratios_at_least_as_large() -> None:
    null = Null(torch.tensor([0.5, -0.5, 1.0, -2.0, 0.25], dtype=torch.float64))
    ratios = torch.tensor([[0.0, 0.25, -0.3], [0.5, -1.0, 3.0]], dtype=torch.float64)
    expected = torch.tensor([[6, 6, 5], [5, 3, 1]], dtype=torch.float64) / 6
    assert torch.allclose(null.pvalue(ratios), expected)


@each_seed()
def test_pvalues_are_the_count_over_the_null(seed: int) -> None:
    null = prior_null(NINE_FIVE)
    ratios = NINE_FIVE.log_generic_ratio(kernels(seed, (9, 5), 4))
    counts = (null.log_ratios.abs()[:, None] >= ratios.abs()).sum(0)
    assert torch.allclose(null.pvalue(ratios), (1 + counts.double()) / (1 + NULL_SIZE))


@pytest.mark.parametrize("level", [1e-4, 0.05, 0.5, 1.0])
def test_the_bound_of_the_null_is_where_p_falls_below_a_level(level: float) -> None:
    null = prior_null(NINE_FIVE)
    bound = null.bound(level)
    beyond = torch.nextafter(bound, torch.full_like(bound, torch.inf))
    assert float(null.pvalue(bound)) >= level
    assert float(null.pvalue(beyond)) < level


def test_the_pvalue_of_nan_is_nan_and_of_nothing_else() -> None:
    pvalues = prior_null(NINE_FIVE).pvalue(torch.tensor([torch.nan, 0.1, torch.inf], dtype=torch.float64))
    assert pvalues.isnan().tolist() == [True, False, False]


def test_the_pvalue_of_a_generic_solution_is_one() -> None:
    assert float(prior_null(NINE_FIVE).pvalue(torch.zeros(1, dtype=torch.float64))) == 1.0


def test_the_ratio_of_laws_is_the_power_over_its_mean_over_the_group() -> None:
    contrasts = torch.tensor([[1.0, 2.0, 6.0], [4.0, 1.0, 1.0]], dtype=torch.float64)
    rho = log_ratio_of_laws(contrasts[:, 0], contrasts).exp()
    assert torch.allclose(rho, torch.tensor([1 / 3, 2.0], dtype=torch.float64))


@each_seed()
def test_the_placebo_is_the_difference_of_spectral_centroids(seed: int) -> None:
    parameters = kernels(seed, (9, 5), 3)
    cosine = torch.cos(2 * torch.pi * torch.arange(64, dtype=torch.float64) / 64)
    first, second = ((P * cosine).mean(-1) / P.mean(-1) for P in NINE_FIVE.parts(parameters)[:2])
    assert torch.allclose(placebo_statistic(parameters), (first - second).abs(), atol=1e-13)


NULLS: dict[Model, list[float]] = {
    ConvolutionCascade((9, 5), 64): [-0.112256, -0.6713, 0.118854],
    SharedConvolution((9, 5), 64, 2): [0.215126, -0.0290338, 0.0651666],
    Fork((7, 5, 5), 64): [-0.198487, -0.0415437, 0.0330325],
    LinearCascade(16): [-0.084081, 0.0653052, 0.134424],
    LinearEnvironments(6, 6): [0.0238036, 0.147785, 0.138552],
}


@pytest.mark.parametrize("model", NULLS, ids=repr)
def test_a_null_is_keyed_by_what_its_model_is_called(model: Model) -> None:
    """A model class that is renamed draws another null: p-values of old rows would mean something else."""
    assert prior_null(model).log_ratios[:3].tolist() == pytest.approx(NULLS[model], rel=1e-5)


@dataclass(frozen=True)
class WithNuisance(ConvolutionCascade):
    """A cascade whose encoder `e` is trained with it and no mechanism."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {**super().shapes, "e": (3,)}

    @property
    def mechanisms(self) -> dict[str, tuple[str, ...]]:
        return {"k1": ("k1",), "k2": ("k2",)}

    @property
    def names(self) -> tuple[str, ...]:
        return ("k1", "k2")


def test_a_nuisance_is_no_part_of_the_null() -> None:
    null = prior_null(WithNuisance((9, 5), 64))
    spread = prior_null(NINE_FIVE).log_ratios.std()
    assert abs(float(null.log_ratios.std() / spread) - 1) < 0.05
