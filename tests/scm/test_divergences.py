"""Bures-Wasserstein in closed form, against its definition, its sums written out, and POT."""

from __future__ import annotations

import numpy as np
import ot
import pytest
import torch
from draws import Array, each_seed
from torch import Tensor

from indmech_bench.scm.divergences import movement, squared_bures_wasserstein, squared_bures_wasserstein_pairs


def spectra(seed: int, *shape: int) -> Tensor:
    """Any spectra: neither even in frequency nor smooth, some bins zero."""
    drawn = np.random.default_rng(seed).standard_normal((*shape, 2)).prod(-1) ** 2
    return torch.from_numpy(np.where(drawn < 0.01, 0.0, drawn))


def covariance(spectrum: Array) -> np.ndarray:
    """Hermitian circulant matrix with these eigenvalues."""
    n = len(spectrum)
    F = np.fft.fft(np.eye(n)) / np.sqrt(n)
    return F.conj().T @ np.diag(spectrum) @ F


def as_real(matrix: np.ndarray) -> Array:
    """Covariance of (Re X, Im X) for a circular complex X with this covariance."""
    return np.block([[matrix.real, -matrix.imag], [matrix.imag, matrix.real]]) / 2


@pytest.mark.parametrize("n", [5, 8, 64])
@each_seed()
def test_movement_is_the_sum_of_the_divergences_from_the_law_itself(n: int, seed: int) -> None:
    P, R = spectra(seed, 2, 3, n)
    explicit = sum(squared_bures_wasserstein(P * R, torch.roll(P, s, -1) * R) for s in range(1, n))
    assert torch.allclose(movement(P, R), torch.as_tensor(explicit), rtol=1e-10)


@each_seed()
def test_pairs_are_the_divergences_of_each_with_each(seed: int) -> None:
    S, T = spectra(seed, 2, 5, 16), spectra(seed + 1, 2, 7, 16)
    pairs = squared_bures_wasserstein_pairs(S, T)
    assert pairs.shape == (2, 5, 7)
    assert torch.allclose(pairs, squared_bures_wasserstein(S.unsqueeze(2), T.unsqueeze(1)), rtol=1e-10, atol=1e-12)


@each_seed(10)
def test_bures_wasserstein_is_that_of_pot_for_even_spectra(seed: int) -> None:
    n = 8
    half = spectra(seed, 2, n // 2 + 1).numpy() + 0.05
    S, T = half[:, np.minimum(np.arange(n), n - np.arange(n))]
    distance = ot.gaussian.bures_wasserstein_distance(np.zeros(n), np.zeros(n), covariance(S).real, covariance(T).real)
    assert np.isclose(
        float(distance) ** 2 / n, float(squared_bures_wasserstein(torch.tensor(S), torch.tensor(T))), rtol=1e-6
    )


@each_seed(10)
def test_bures_wasserstein_is_that_of_pot_for_any_spectra_of_circular_complex_signals(seed: int) -> None:
    n = 7
    S, T = spectra(seed, 2, n).numpy() + 0.05
    means = np.zeros(2 * n), np.zeros(2 * n)
    distance = ot.gaussian.bures_wasserstein_distance(*means, as_real(covariance(S)), as_real(covariance(T)))
    assert np.isclose(
        float(distance) ** 2 / n, float(squared_bures_wasserstein(torch.tensor(S), torch.tensor(T))), rtol=1e-6
    )


@each_seed()
def test_divergence_from_silence_is_the_mean_power(seed: int) -> None:
    S = spectra(seed, 3, 16)
    assert torch.allclose(squared_bures_wasserstein(S, torch.zeros_like(S)), S.mean(-1), rtol=1e-13)


@each_seed()
def test_the_root_of_the_divergence_obeys_the_triangle_inequality(seed: int) -> None:
    S, T, V = spectra(seed, 3, 4, 16)
    direct, detour = (
        squared_bures_wasserstein(S, T).sqrt(),
        squared_bures_wasserstein(S, V).sqrt() + squared_bures_wasserstein(V, T).sqrt(),
    )
    assert bool((direct <= detour + 1e-12).all())
