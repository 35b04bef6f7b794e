"""Models against each other and against THEORY 3: cascades, environments, forks, linear mechanisms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from contracts import drawn, own_scale, posed
from draws import all_spectra, each_seed, kernels
from torch import Tensor

from indmech_bench.problem.solution import Solution
from indmech_bench.scm.interventions import modulations, rotations
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.models.environments import SharedConvolution
from indmech_bench.scm.models.fork import Fork
from indmech_bench.scm.models.linear import LinearCascade
from indmech_bench.scm.observations.impulse import Impulse
from indmech_bench.scm.observations.spectrum import Spectrum
from indmech_bench.scoring.scores import score
from indmech_bench.tasks.environments import deconvolve

CASCADE = ConvolutionCascade((6, 4), 32)
ONE_ENVIRONMENT = SharedConvolution((6, 4), 32, 1)


def normals(seed: int, *shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def renamed(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    return {"k1_1": parameters["k1"], "k2": parameters["k2"]}


@each_seed()
def test_one_environment_is_a_cascade(seed: int) -> None:
    parameters = kernels(seed, (6, 4), 3)
    for g in modulations(32).group[::5]:
        law = ONE_ENVIRONMENT.law(renamed(parameters), g)
        assert torch.allclose(law, CASCADE.law(parameters, g), rtol=1e-13)
    ratio = ONE_ENVIRONMENT.log_generic_ratio(renamed(parameters))
    assert torch.allclose(ratio, CASCADE.log_generic_ratio(parameters), atol=1e-13)
    assert torch.allclose(ONE_ENVIRONMENT.log_generic_ratios(renamed(parameters))[:, 0], ratio, atol=1e-13)


@each_seed()
def test_one_environment_has_the_invariants_of_a_cascade(seed: int) -> None:
    parameters = kernels(seed, (6, 4), 3)
    made, expected = ONE_ENVIRONMENT.invariants(renamed(parameters)), CASCADE.invariants(parameters)
    assert made.keys() == expected.keys()
    assert all(torch.allclose(made[block], expected[block], rtol=1e-12, atol=1e-14) for block in made)


@each_seed()
def test_one_environment_has_the_losses_of_a_cascade(seed: int) -> None:
    truth, parameters = kernels(seed, (6, 4), 3), kernels(seed + 1, (6, 4), 3)
    kernel = torch.fft.irfft(CASCADE.composite(truth), n=32)
    shared = Impulse(ONE_ENVIRONMENT, kernel.unsqueeze(1)).loss(renamed(parameters))
    assert torch.allclose(shared, Impulse(CASCADE, kernel).loss(parameters), rtol=1e-12)
    spectrum = CASCADE.half_spectrum(truth)
    shared = Spectrum(ONE_ENVIRONMENT, spectrum.unsqueeze(1)).loss(renamed(parameters))
    assert torch.allclose(shared, Spectrum(CASCADE, spectrum).loss(parameters), rtol=1e-12)


@each_seed()
def test_a_fork_without_its_second_noise_is_a_cascade(seed: int) -> None:
    fork = Fork((6, 5, 4), 32)
    parameters = kernels(seed, (6, 5, 4), 3)
    parameters["k2"] *= 1e-9
    chain = {"k1": parameters["k1"], "k2": parameters["k3"]}
    for g in modulations(32).group[::5]:
        assert torch.allclose(fork.law(parameters, g), CASCADE.law(chain, g), rtol=1e-10, atol=1e-12)
    assert torch.allclose(fork.log_generic_ratio(parameters), CASCADE.log_generic_ratio(chain), atol=1e-12)


@each_seed()
def test_ratios_of_a_fork_are_power_over_its_mean_when_one_kernel_is_modulated(seed: int) -> None:
    parameters = kernels(seed, (6, 5, 4), 3)
    P1, P2, P3 = (torch.fft.fft(value, n=32).abs().square() for value in parameters.values())
    shifts = range(32)
    means = [
        torch.stack([P3 * (P1.roll(s, -1) + P2) for s in shifts]),
        torch.stack([P3 * (P1 + P2.roll(s, -1)) for s in shifts]),
        torch.stack([P3.roll(s, -1) * (P1 + P2) for s in shifts]),
    ]
    expected = torch.stack([((P3 * (P1 + P2)).mean(-1) / mean.mean((0, -1))).log() for mean in means], -1)
    made = Fork((6, 5, 4), 32).log_generic_ratios(parameters)
    assert torch.allclose(made, expected, atol=1e-12)
    assert torch.allclose(Fork((6, 5, 4), 32).log_generic_ratio(parameters), made[:, 0], atol=1e-13)


@pytest.mark.parametrize("lengths", [(7, 5, 3), (5, 4, 4, 3, 3)])
@each_seed(5)
def test_ratios_of_a_deep_cascade_are_those_of_each_modulated_kernel(lengths: tuple[int, ...], seed: int) -> None:
    parameters = kernels(seed, lengths, 3)
    made = ConvolutionCascade(lengths, 32).log_generic_ratios(parameters).exp().numpy()
    for k in range(len(lengths)):
        contrasts = all_spectra(ConvolutionCascade(lengths, 32, k), parameters).mean(-1)
        assert np.allclose(made[:, k], contrasts[:, 0] / contrasts.mean(-1), rtol=1e-10)


@pytest.mark.parametrize("lengths", [(6, 4), (64, 64)])
def test_two_mechanisms_have_one_ratio(lengths: tuple[int, int]) -> None:
    parameters = kernels(0, lengths, 3)
    first, second = (ConvolutionCascade(lengths, 64, k) for k in (0, 1))
    assert first.log_generic_ratios(parameters).shape == (3, 1)
    assert torch.allclose(first.log_generic_ratio(parameters), second.log_generic_ratio(parameters), atol=1e-13)


def circulant(taps: Tensor) -> Tensor:
    """(R, d) -> circulant matrices (R, d, d)."""
    return torch.stack([taps.roll(j, -1) for j in range(taps.shape[-1])], -1)


@each_seed()
def test_the_trace_ratio_of_circulant_matrices_is_the_spectral_density_ratio(seed: int) -> None:
    parameters = kernels(seed, (16, 16), 3)
    ratio = ConvolutionCascade((16, 16), 16).log_generic_ratio(parameters)
    matrices = {"A": circulant(parameters["k1"]), "B": circulant(parameters["k2"])}
    assert torch.allclose(LinearCascade(16).log_generic_ratio(matrices), ratio, atol=1e-12)


@pytest.mark.parametrize("d", [3, 6])
def test_the_power_of_a_rotated_cascade_has_the_variance_of_the_theory(d: int) -> None:
    A, B = normals(d, 2, d, d)
    M, N = A @ A.T, B.T @ B
    powers = [torch.trace(B @ g.act(M)[0] @ B.T) for g in rotations(normals(1, 1, 20_000, d, d)).scored]
    eye = torch.eye(d, dtype=torch.float64)
    sizes = [(matrix - torch.trace(matrix) / d * eye).square().sum() for matrix in (M, N)]
    expected = 2 * float(sizes[0] * sizes[1]) / ((d - 1) * (d + 2))
    assert math.isclose(float(torch.stack(powers).var()), expected, rel_tol=0.06)


def test_spikes_that_are_apart_are_exactly_generic() -> None:
    truth = drawn("eyes-independent")
    assert float(truth.model.log_generic_ratio(truth.parameters).abs().max()) < 1e-14


def autocorrelations(taps: Tensor, n: int) -> Tensor:
    """Circular autocorrelation (R, n), lag by lag."""
    padded = torch.nn.functional.pad(taps, (0, n - taps.shape[-1]))
    return torch.stack([(padded * padded.roll(lag, -1)).sum(-1) for lag in range(n)], -1)


@pytest.mark.parametrize("name", ["eyes-dependent", "fir-natural"])
def test_rho_exceeds_one_by_the_products_of_the_autocorrelations(name: str) -> None:
    truth = drawn(name)
    R1, R2 = (autocorrelations(value, truth.model.n) for value in truth.parameters.values())
    excess = (R1 * R2)[:, 1:].sum(-1) / (R1 * R2)[:, 0]
    assert float(excess.abs().max()) > 0.01
    assert torch.allclose(truth.model.log_generic_ratio(truth.parameters), (1 + excess).log(), atol=1e-12)


def largest(name: str) -> tuple[Tensor, dict[str, Tensor], ConvolutionCascade]:
    """log rho_max of the full-length truths by its formula, the truths and their model."""
    truth = drawn(name)
    magnitudes = torch.fft.fft(truth.parameters["k1"]).abs() * torch.fft.fft(truth.parameters["k2"]).abs()
    return (magnitudes.square().mean(-1) / magnitudes.mean(-1).square()).log(), truth.parameters, truth.model


def regauged(parameters: dict[str, Tensor], H: Tensor) -> dict[str, Tensor]:
    """K_1 / H and K_2 H, H on the non-negative frequencies."""
    K1, K2 = (torch.fft.rfft(value) for value in parameters.values())
    return {"k1": torch.fft.irfft(K1 / H, n=64), "k2": torch.fft.irfft(K2 * H, n=64)}


@each_seed()
def test_no_solution_of_the_full_cascade_has_a_larger_rho_than_the_balanced_one(seed: int) -> None:
    bound, parameters, model = largest("full-cascade-large")
    H = (0.5 * normals(seed, len(bound), 33)).exp()
    solution = regauged(parameters, H)
    assert torch.allclose(model.composite(solution).abs(), model.composite(parameters).abs(), rtol=1e-9)
    assert bool((model.log_generic_ratio(solution) < bound).all())


def test_the_balanced_solution_of_the_full_cascade_has_the_largest_rho() -> None:
    bound, parameters, model = largest("full-cascade-large")
    K1, K2 = (torch.fft.rfft(value).abs() for value in parameters.values())
    balanced = regauged(parameters, (K1 / K2).sqrt())
    assert torch.allclose(model.log_generic_ratio(balanced), bound, atol=1e-10)


@each_seed()
def test_deconvolution_inverts_convolution(seed: int) -> None:
    first, second = kernels(seed, (7, 5), 3).values()
    composite = torch.fft.irfft(ConvolutionCascade((7, 5), 32).composite({"k1": first, "k2": second}), n=32)
    assert torch.allclose(deconvolve(composite, second, 7), first, rtol=1e-6, atol=1e-8)


@each_seed()
def test_deconvolution_is_the_least_squares_fit(seed: int) -> None:
    kernel, composite = normals(seed, 1, 4), normals(seed + 1, 1, 16)
    columns = np.stack([np.roll(np.pad(kernel[0].numpy(), (0, 12)), t) for t in range(5)], -1)
    expected = np.linalg.lstsq(columns, composite[0].numpy(), rcond=None)[0]
    assert np.allclose(deconvolve(composite, kernel, 5)[0].numpy(), expected, rtol=1e-7, atol=1e-9)


def test_a_transfer_with_the_true_kernel_has_no_loss() -> None:
    problem, parameters = posed("environments-2"), own_scale("environments-2")
    for e, name in enumerate(("k1_1", "k1_2")):
        fitted = deconvolve(problem.observations[:, e], parameters["k2"], 9)
        assert torch.allclose(fitted, parameters[name], rtol=1e-6, atol=1e-8)


def test_a_swap_of_equal_lengths_ties_under_every_criterion_and_predicts_something_else() -> None:
    truth = drawn("fir-swap")
    swapped = {"k1": truth.parameters["k2"], "k2": truth.parameters["k1"]}
    model = truth.model
    assert torch.allclose(model.composite(swapped), model.composite(truth.parameters))
    assert torch.allclose(model.log_generic_ratio(swapped), model.log_generic_ratio(truth.parameters))
    errors = score(truth, Solution(model.laws(swapped), swapped))["extrapolation_error"]
    assert errors.min() > 0.01
