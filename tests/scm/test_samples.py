"""Samples of laws: what is drawn, what their losses mean, and the minibatches of training."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from contracts import SAMPLED, each_sampled_task
from draws import each_seed, kernels, problem_of
from scipy import stats
from torch import Tensor

from indmech_bench.problem.faces.drawn import INDEX_BLOCK
from indmech_bench.problem.problem import Problem
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.models.environments import SharedConvolution
from indmech_bench.scm.models.linear import LinearCascade, mean_square
from indmech_bench.scm.observations.covariance import GaussianSamples, draw_gaussian_samples
from indmech_bench.scm.observations.fitting import FLOOR
from indmech_bench.scm.observations.samples import Samples, draw_samples

CASCADE = ConvolutionCascade((5, 4), 16)
LINEAR = LinearCascade(4)


def normals(seed: int, *shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def of_power_one(seed: int, replicates: int) -> dict[str, Tensor]:
    parameters = kernels(seed, CASCADE.lengths, replicates)
    return CASCADE.rescale(parameters, CASCADE.mean(CASCADE.half_spectrum(parameters)).rsqrt())


def all_bins(half: Tensor) -> Tensor:
    """A spectrum on 9 non-negative frequencies on all 16."""
    return torch.cat([half, half[..., 1:8].flip(-1)], -1)


def periodograms(seed: int, count: int, replicates: int = 2, floor: float = FLOOR) -> tuple[Samples, Tensor]:
    """Samples, and the spectrum that they have with their floor."""
    half = CASCADE.half_spectrum(of_power_one(seed, replicates))
    return draw_samples(CASCADE, half, normals(seed, replicates, count, 16, 2), floor), all_bins(half) + floor


@pytest.mark.parametrize("floor", [FLOOR, 0.1])
def test_periodograms_are_exponential_with_spectrum_and_floor_for_a_mean(floor: float) -> None:
    observation, spectrum = periodograms(0, 4000, floor=floor)
    ratio = observation.shown / spectrum.unsqueeze(1)
    assert float((ratio.mean(1) - 1).abs().max()) < 5 / 4000**0.5
    assert stats.kstest(ratio.flatten().numpy(), "expon").pvalue > 1e-3


def test_periodograms_of_bins_are_independent() -> None:
    observation, spectrum = periodograms(0, 4000, 1)
    correlations = np.corrcoef((observation.shown / spectrum.unsqueeze(1))[0].numpy().T)
    assert np.abs(correlations - np.eye(16)).max() < 5 / 4000**0.5


@each_seed()
def test_the_whittle_loss_is_the_deviance_of_exponential_periodograms(seed: int) -> None:
    observation, _ = periodograms(seed, 7)
    parameters = kernels(seed + 1, CASCADE.lengths, 2)
    made = all_bins(CASCADE.half_spectrum(parameters)) + FLOOR
    shown = observation.shown.numpy()

    def log_likelihood(means: np.ndarray) -> np.ndarray:
        return stats.expon(scale=means[:, None]).logpdf(shown).sum((1, 2))

    deviance = 2 * (log_likelihood(shown.mean(1)) - log_likelihood(made.numpy()))
    assert np.allclose(2 * 7 * 16 * observation.loss(parameters).numpy(), deviance, rtol=1e-9)


def gaussians(seed: int, count: int, replicates: int = 2) -> tuple[GaussianSamples, dict[str, Tensor]]:
    """Samples of a linear cascade of mean power 1, and its matrices."""
    A, B = normals(seed, 2, replicates, 4, 4)
    parameters = LINEAR.rescale({"A": A, "B": B}, mean_square(B @ A).rsqrt())
    return draw_gaussian_samples(LINEAR, parameters, normals(seed + 1, replicates, count, 8)), parameters


def test_samples_of_a_linear_cascade_have_its_covariance_and_a_floor() -> None:
    observation, parameters = gaussians(0, 20_000)
    moment = observation.shown.mT @ observation.shown / 20_000
    expected = LINEAR.covariance(parameters) + FLOOR * torch.eye(4, dtype=torch.float64)
    assert float((moment - expected).abs().max()) < 0.1
    assert torch.equal(observation.floor, torch.full((2,), FLOOR, dtype=torch.float64))


@each_seed()
def test_steins_loss_is_the_deviance_of_gaussian_samples(seed: int) -> None:
    observation, _ = gaussians(seed, 11)
    parameters = {name: normals(seed + k, 2, 4, 4) for k, name in enumerate("AB")}
    made = (LINEAR.covariance(parameters) + FLOOR * torch.eye(4, dtype=torch.float64)).numpy()
    for r, shown in enumerate(observation.shown.numpy()):
        zero = np.zeros(4)
        best = stats.multivariate_normal(zero, shown.T @ shown / 11).logpdf(shown).sum()
        deviance = 2 * (best - stats.multivariate_normal(zero, made[r]).logpdf(shown).sum())
        assert np.isclose(11 * 4 * float(observation.loss(parameters)[r]), deviance, rtol=1e-8)


def test_label_noise_multiplies_the_mean_periodogram() -> None:
    """Factors on the mean are the same factors on every sample, at a frequency and its negative."""
    observation, _ = periodograms(0, 7)
    parameters, factors, batch = kernels(1, CASCADE.lengths, 2), normals(2, 2, 9).exp(), torch.tensor([[3, 0], [6, 1]])
    louder = Samples(CASCADE, observation.shown * all_bins(factors).unsqueeze(1), observation.floor)
    for chosen in (None, batch):
        found, wanted = observation.loss(parameters, chosen, factors), louder.loss(parameters, chosen)
        assert torch.allclose(found, wanted, rtol=1e-12)


@each_seed()
def test_normalising_divides_samples_and_floor_by_the_mean_power(seed: int) -> None:
    for observation, power in (
        (periodograms(seed, 7)[0], lambda shown: shown.mean((1, 2))),
        (gaussians(seed, 7)[0], lambda shown: shown.square().mean((1, 2))),
    ):
        normalised, scale = observation.normalised(torch.float64)
        assert torch.allclose(scale.square(), power(observation.shown), rtol=1e-12)
        assert torch.allclose(normalised.floor * scale.square(), observation.floor, rtol=1e-12)
        assert torch.allclose(power(normalised.shown), torch.ones(2).double(), rtol=1e-12)


@each_seed(5)
def test_normalising_changes_no_loss(seed: int) -> None:
    for observation, model, parameters in (
        (periodograms(seed, 7)[0], CASCADE, kernels(seed + 1, CASCADE.lengths, 2)),
        (gaussians(seed, 7)[0], LINEAR, {name: normals(seed + k, 2, 4, 4) for k, name in enumerate("AB")}),
    ):
        normalised, scale = observation.normalised(torch.float64)
        rescaled = model.rescale(parameters, 1 / scale)
        assert torch.allclose(normalised.loss(rescaled), observation.loss(parameters), rtol=1e-8)


@pytest.mark.parametrize("name", [*SAMPLED, "environments-2:observation=samples", "deep-3-k2:observation=samples"])
def test_a_minibatch_of_all_samples_is_the_full_loss(name: str) -> None:
    problem = problem_of(name, [0, 1])
    for start in (problem.start(), problem.start(starts=2)):
        order = torch.stack([torch.randperm(problem.samples), torch.arange(problem.samples)])
        assert torch.allclose(problem.loss(start, order), problem.loss(start), rtol=1e-10)


@pytest.mark.parametrize("name", SAMPLED)
def test_losses_of_minibatches_differ_by_a_constant_from_an_unbiased_estimate(name: str) -> None:
    problem = problem_of(name, [0, 1])
    start, other = problem.start(0.3), problem.start(0.5)
    halves = [half.expand(2, -1) for half in torch.arange(problem.samples).chunk(2)]
    slopes = [problem.loss(start, half) - problem.loss(other, half) for half in halves]
    full = problem.loss(start) - problem.loss(other)
    assert torch.allclose((slopes[0] + slopes[1]) / 2, full, rtol=1e-8, atol=1e-10)


def test_periodograms_of_environments_are_chosen_together() -> None:
    model = SharedConvolution((3, 2), 16, 2)
    shown = normals(0, 1, 2, 6, 16).square()
    observation = Samples(model, shown, torch.full((1, 2), 1e-3, dtype=torch.float64))
    parameters = dict(zip(model.names, kernels(1, (3, 3, 2), 1).values(), strict=True))
    chosen = Samples(model, shown[:, :, [4, 1]], observation.floor)
    assert torch.allclose(observation.loss(parameters, torch.tensor([[4, 1]])), chosen.loss(parameters), rtol=1e-13)


def batches(problem: Problem, size: int | None, steps: int) -> list[Tensor]:
    made = list(problem.minibatches(size, steps))
    assert all(isinstance(batch, Tensor) for batch in made)
    return [batch for batch in made if batch is not None]


@each_sampled_task
def test_a_minibatch_holds_a_sample_once(name: str) -> None:
    problem = problem_of(name, [0, 1])
    for batch in batches(problem, 32, 5):
        assert batch.shape == (2, 32)
        assert int(batch.min()) >= 0
        assert int(batch.max()) < problem.samples
        assert all(len(set(row.tolist())) == 32 for row in batch)


def test_minibatches_differ_between_steps_and_replicates() -> None:
    made = batches(problem_of("fir-samples", [0, 1]), 8, INDEX_BLOCK + 6)
    rows = [tuple(row.tolist()) for batch in made for row in batch]
    assert len(made) == INDEX_BLOCK + 6
    assert len(set(rows)) == len(rows)


def test_minibatches_use_all_samples_alike() -> None:
    counts = torch.bincount(torch.cat(batches(problem_of("fir-samples", [0]), 64, 400)).flatten(), minlength=256)
    assert stats.chisquare(counts.numpy()).pvalue > 1e-3


def test_minibatches_do_not_depend_on_which_others_are_drawn_nor_on_how_many_steps_follow() -> None:
    alone = batches(problem_of("fir-samples", [3]), 16, 3)
    among = batches(problem_of("fir-samples", [5, 1, 3]), 16, INDEX_BLOCK + 3)
    assert all(torch.equal(one[0], many[2]) for one, many in zip(alone, among, strict=False))


def test_a_smaller_minibatch_is_the_beginning_of_a_larger_one() -> None:
    problem = problem_of("fir-samples", [3])
    small, large = batches(problem, 8, 3), batches(problem, 16, 3)
    assert all(torch.equal(one, many[:, :8]) for one, many in zip(small, large, strict=True))


@pytest.mark.parametrize(("name", "size"), [("fir-samples", None), ("fir-samples", 256), ("fir-natural", 8)])
def test_without_samples_or_size_there_are_no_minibatches(name: str, size: int | None) -> None:
    assert list(problem_of(name, [0]).minibatches(size, 3)) == [None] * 3


def test_a_minibatch_is_charged_its_share() -> None:
    problem = problem_of("fir-samples", [0, 1])
    problem.loss(problem.start(starts=2), batches(problem, 64, 1)[0])
    assert problem.spent.tolist() == [0.5, 0.5]
