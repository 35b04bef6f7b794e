"""Known laws of sources, and the likelihood of their mixtures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from draws import each_seed
from scipy.integrate import quad

from indmech_bench.scm.models.linear_environments import LinearEnvironments
from indmech_bench.scm.observations.sources import DENSITIES, SourceSamples, draw_source_samples
from indmech_bench.scm.parameters import Parameters

D = 3
MODEL = LinearEnvironments(D, 1)


def normals(seed: int, *shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def parameters(seed: int, *lead: int) -> dict[str, torch.Tensor]:
    return {"a1": normals(seed, *lead, D).exp(), "B": normals(seed + 1, *lead, D, D)}


def drawn(seed: int, name: str, samples: int = 200) -> tuple[SourceSamples, Parameters]:
    true = parameters(seed, 2)
    return draw_source_samples(MODEL, true, normals(seed + 2, 2, samples, D), DENSITIES[name]), true


@pytest.mark.parametrize("name", DENSITIES)
def test_a_density_has_the_moments_that_it_says(name: str) -> None:
    density = DENSITIES[name]

    def surprise(s: float) -> float:
        return float(density.surprise(torch.tensor(s, dtype=torch.float64)))

    def mean(of: str) -> float:
        f = {
            "one": lambda s: 1.0,
            "variance": lambda s: s * s,
            "kurtosis": lambda s: s**4,
            "entropy": surprise,
        }[of]
        return 2 * quad(lambda s: np.exp(-surprise(s)) * f(s), 0, 40, limit=200)[0]

    assert mean("one") == pytest.approx(1, abs=1e-8)
    assert mean("variance") == pytest.approx(1, abs=1e-7)
    assert mean("kurtosis") - 3 == pytest.approx(density.kurtosis, abs=1e-5)
    assert mean("entropy") == pytest.approx(density.entropy, abs=1e-7)


@pytest.mark.parametrize("name", DENSITIES)
def test_quantiles_invert_the_distribution(name: str) -> None:
    density = DENSITIES[name]
    for u in (0.01, 0.3, 0.5, 0.8, 0.999):
        q = float(density.quantile(torch.tensor(u, dtype=torch.float64)))
        below = quad(lambda s: np.exp(-float(density.surprise(torch.tensor(s, dtype=torch.float64)))), -40, q)[0]
        assert below == pytest.approx(u, abs=1e-6)


@each_seed()
@pytest.mark.parametrize("name", DENSITIES)
def test_order_signs_and_scales_of_sources_do_not_change_the_likelihood(name: str, seed: int) -> None:
    shown, true = drawn(seed, name)
    order, signs = torch.tensor([2, 0, 1]), torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64)
    scales = normals(seed + 3, D).exp()
    other = {"a1": (true["a1"] / scales)[:, order], "B": (true["B"] * signs * scales)[..., order]}
    assert torch.allclose(shown.loss(other), shown.loss(true), rtol=1e-9, atol=1e-9)


@each_seed()
def test_gaussian_sources_have_half_of_steins_loss(seed: int) -> None:
    shown, _ = drawn(seed, "gaussian")
    guess = parameters(seed + 9, 2)
    covariance = MODEL.covariance(guess)[:, 0]
    ratio = torch.linalg.solve(covariance, shown.data.mT @ shown.data / shown.samples)
    stein = ratio.diagonal(dim1=-2, dim2=-1).sum(-1) - torch.logdet(ratio) - D
    assert torch.allclose(shown.loss(guess), stein / (2 * D), rtol=1e-9)


@pytest.mark.parametrize("name", DENSITIES)
def test_the_truth_is_near_zero_and_others_lie_above(name: str) -> None:
    shown, true = drawn(5, name, samples=20_000)
    assert bool((shown.loss(true).abs() < 0.02).all())
    assert bool((shown.loss(parameters(77, 2)) > 0.05).all())


@each_seed()
def test_starts_and_batches_are_losses_of_their_own(seed: int) -> None:
    shown, _ = drawn(seed, "laplace")
    starts = parameters(seed + 9, 2, 4)
    losses = shown.loss(starts)
    for s in range(4):
        one = {name: value[:, s] for name, value in starts.items()}
        assert torch.allclose(losses[:, s], shown.loss(one), rtol=1e-12)
    whole = torch.arange(shown.samples).expand(2, -1)
    assert torch.allclose(shown.loss(starts, whole), losses, rtol=1e-12)


def test_a_singular_mixture_spoils_its_own_replicate_alone() -> None:
    shown, true = drawn(1, "laplace")
    clean = shown.loss(true)
    broken = {**true, "B": true["B"].clone()}
    broken["B"][0, :, 0] = 0.0
    made = shown.loss(broken)
    assert not bool(made[0].isfinite())
    assert torch.equal(made[1], clean[1])
