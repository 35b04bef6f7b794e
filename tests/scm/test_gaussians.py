"""Gaussian laws: divergence, centre, and the rotations that act on them."""

from __future__ import annotations

import numpy as np
import ot
import pytest
import torch
from draws import each_seed
from torch import Tensor

from indmech_bench.scm.divergences import SPECTRAL, Gaussian, matrix_root
from indmech_bench.scm.interventions import Stretch, modulations, rotations, stretches


def normals(seed: int, *shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def covariances(seed: int, *shape: int) -> Tensor:
    """Random covariances (*lead, d, d)."""
    factor = normals(seed, *shape)
    return factor @ factor.mT + 0.01 * torch.eye(shape[-1], dtype=torch.float64)


@each_seed()
def test_the_divergence_is_that_of_pot(seed: int) -> None:
    S, T = covariances(seed, 2, 5, 5)
    zero = np.zeros(5)
    distance = float(ot.gaussian.bures_wasserstein_distance(zero, zero, S.numpy(), T.numpy()))
    assert np.isclose(float(Gaussian().divergence(S, T)), distance**2 / 5, rtol=1e-6, atol=1e-9)


@each_seed()
def test_the_divergence_of_covariances_that_commute_is_that_of_their_spectra(seed: int) -> None:
    basis = rotations(normals(seed, 1, 1, 6, 6)).scored[0].matrices
    spectra = normals(seed + 1, 2, 3, 6).square()
    spectra[0, 0, 2] = 0.0
    S, T = basis @ spectra.diag_embed() @ basis.mT
    assert torch.allclose(Gaussian().divergence(S, T), SPECTRAL.divergence(*spectra), rtol=1e-7, atol=1e-9)


@each_seed()
def test_the_divergence_is_zero_only_between_equals_and_symmetric(seed: int) -> None:
    S, T = covariances(seed, 2, 3, 4, 4)
    assert float(Gaussian().divergence(S, S).max()) < 1e-12
    assert torch.allclose(Gaussian().divergence(S, T), Gaussian().divergence(T, S), rtol=1e-9)
    assert bool((Gaussian().divergence(S, T) > 1e-3).all())


def test_the_divergence_of_a_matrix_of_nan_stays_alone() -> None:
    S, T = covariances(0, 2, 3, 4, 4)
    clean = Gaussian().divergence(S, T)
    S[1, 2, 2] = torch.nan
    made = Gaussian().divergence(S, T)
    assert torch.equal(made[[0, 2]], clean[[0, 2]])
    assert bool(made[1].isnan())


@each_seed()
def test_environments_are_averaged(seed: int) -> None:
    S, T = covariances(seed, 2, 3, 4, 5, 5)
    assert torch.allclose(Gaussian(True).divergence(S, T), Gaussian().divergence(S, T).mean(-1), rtol=1e-13)
    assert torch.allclose(Gaussian(True).power(S), S.diagonal(dim1=-2, dim2=-1).mean((-2, -1)), rtol=1e-13)


@each_seed()
def test_pairs_are_the_divergences_of_each_with_each(seed: int) -> None:
    S, T = covariances(seed, 2, 3, 4, 4), covariances(seed + 1, 2, 5, 4, 4)
    pairs = Gaussian().pairs(S, T)
    assert pairs.shape == (2, 3, 5)
    assert torch.allclose(pairs[1, 2, 4], Gaussian().divergence(S[1, 2], T[1, 4]), rtol=1e-12)


@each_seed()
def test_a_root_squares_to_its_matrix_and_an_inverse_undoes_it(seed: int) -> None:
    S = covariances(seed, 3, 5, 5)
    root = matrix_root(S)
    assert torch.allclose(root @ root, S, rtol=1e-9, atol=1e-11)
    eye = torch.eye(5, dtype=torch.float64).expand(3, 5, 5)
    assert torch.allclose(matrix_root(S, inverse=True) @ root, eye, atol=1e-8)


@each_seed(10)
def test_no_law_is_nearer_to_all_than_the_centre(seed: int) -> None:
    space, laws = Gaussian(), covariances(seed, 1, 7, 5, 5)
    centre = space.centre(laws)
    least = space.divergence(centre.unsqueeze(1), laws).sum(-1)
    for index in range(10):
        moved = torch.linalg.matrix_exp(0.02 * normals(seed + index + 1, 1, 5, 5))
        other = moved @ centre @ moved.mT
        assert bool((space.divergence(other.unsqueeze(1), laws).sum(-1) > least).all())


@each_seed(10)
def test_the_centre_of_covariances_that_commute_is_that_of_their_spectra(seed: int) -> None:
    basis = rotations(normals(seed, 2, 1, 6, 6)).scored[0].matrices
    spectra = normals(seed + 1, 2, 4, 6).square() + 0.01
    laws = basis.unsqueeze(1) @ spectra.diag_embed() @ basis.unsqueeze(1).mT
    expected = basis @ SPECTRAL.centre(spectra).diag_embed() @ basis.mT
    assert torch.allclose(Gaussian().centre(laws), expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("d", [2, 3, 8, 16])
def test_rotations_are_orthogonal_with_determinant_one(d: int) -> None:
    for g in rotations(normals(d, 3, 20, d, d)).scored:
        eye = torch.eye(d, dtype=torch.float64).expand(3, d, d)
        assert torch.allclose(g.matrices @ g.matrices.mT, eye, atol=1e-12)
        assert torch.allclose(torch.linalg.det(g.matrices), torch.ones(3).double(), rtol=1e-12)


@pytest.mark.parametrize("d", [3, 5])
def test_rotations_have_the_moments_of_the_haar_measure(d: int) -> None:
    draws = torch.cat([g.matrices for g in rotations(normals(7, 1, 20_000, d, d)).scored])
    error = 5 / len(draws) ** 0.5
    assert float(draws.mean(0).abs().max()) < error
    assert float((draws.square().mean(0) - 1 / d).abs().max()) < error
    assert float((draws.pow(4).mean(0) - 3 / (d * (d + 2))).abs().max()) < error
    trace = draws.diagonal(dim1=-2, dim2=-1).sum(-1)
    assert abs(float(trace.mean())) < error
    assert abs(float(trace.square().mean()) - 1) < 2 * error


@each_seed()
def test_rotations_compose(seed: int) -> None:
    g, h = rotations(normals(seed, 2, 2, 4, 4)).scored
    both = rotations(normals(seed, 2, 2, 4, 4)).identity
    product = type(g)(g.matrices @ h.matrices)
    S = covariances(seed, 2, 4, 4)
    assert torch.allclose(g.act(h.act(S)), product.act(S), rtol=1e-10, atol=1e-12)
    assert torch.equal(both.act(S), S)


@pytest.mark.parametrize(("s", "t"), [(0, 3), (5, 9), (-4, 20)])
def test_modulations_compose_modulo_n(s: int, t: int) -> None:
    group = modulations(16).group
    spectrum = normals(0, 3, 16).square()
    twice = group[s % 16].act(group[t % 16].act(spectrum))
    assert torch.equal(twice, group[(s + t) % 16].act(spectrum))


def test_modulations_are_a_group_whose_identity_is_left_out_of_the_score() -> None:
    family = modulations(16)
    assert [g.shift for g in family.group] == list(range(16))
    assert family.scored == family.group[1:]
    assert family.identity == family.group[0]


@pytest.mark.parametrize(("s", "t"), [(1, 2), (2, 3), (3, 1)])
@each_seed(5)
def test_stretches_compose_on_the_times_of_taps(s: int, t: int, seed: int) -> None:
    taps = normals(seed, 2, 4)
    stretched = torch.zeros(2, 3 * t + 1, dtype=torch.float64)
    stretched[:, ::t] = taps
    assert torch.allclose(Stretch(s).power(stretched, 64), Stretch(s * t).power(taps, 64), rtol=1e-10, atol=1e-12)
    halved = Stretch(1 / t).power(stretched, 64)
    assert torch.allclose(halved, Stretch(1.0).power(taps, 64), rtol=1e-10, atol=1e-12)


@each_seed()
def test_a_stretch_moves_spikes_and_keeps_their_amplitudes(seed: int) -> None:
    a, b = normals(seed, 2, 1)
    taps = torch.cat([a, torch.zeros(4).double(), b]).unsqueeze(0)
    v = torch.fft.fftfreq(32, dtype=torch.float64)
    for scale in (0.5, 0.8, 1.7):
        expected = (a + b * torch.exp(-2j * torch.pi * scale * 5 * v)).abs().square()
        assert torch.allclose(Stretch(scale).power(taps, 32)[0], expected, rtol=1e-10, atol=1e-12)


def test_stretches_run_from_a_half_to_two_and_are_searched_on_a_fine_grid() -> None:
    scales, searched = [g.scale for g in stretches().scored], [g.scale for g in stretches().searched]
    assert len(scales) == 16
    assert min(scales) == 0.5
    assert max(scales) == 2.0
    assert 1.0 not in scales
    assert len(searched) == 241
    assert all(np.isclose(searched, scale, rtol=1e-12).any() for scale in scales)
