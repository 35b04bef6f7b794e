"""What gradient flow conserves, with phase and without (THEORY 3.1, 3.2), and what breaks it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from contracts import posed
from draws import each_seed, kernels, problem_of
from torch import Tensor

from indmech_bench.problem.objective import Objective
from indmech_bench.problem.phase import DescentRule, Phase
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.training import train
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.models.linear import LinearCascade
from indmech_bench.scm.observations.covariance import draw_gaussian_samples
from indmech_bench.scm.observations.impulse import Impulse
from indmech_bench.scm.parameters import Parameters
from indmech_bench.scm.streams import Streams


def gradients(problem: Problem, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    live = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    made = torch.autograd.grad(problem.loss(live).sum(), list(live.values()))
    return dict(zip(live, made, strict=True))


@each_seed()
def test_the_fit_pulls_on_the_norms_of_both_kernels_alike(seed: int) -> None:
    problem, parameters = problem_of("fir-natural", range(3)), kernels(seed, (9, 5), 3)
    slopes = gradients(problem, parameters)
    first, second = ((parameters[name] * slopes[name]).sum(-1) for name in parameters)
    assert torch.allclose(first, second, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n", [15, 16])
@each_seed()
def test_the_fit_pulls_on_full_length_kernels_alike_at_every_frequency(n: int, seed: int) -> None:
    kernel = kernels(seed, (n,), 3)["k1"]
    problem = Problem(Impulse(ConvolutionCascade((n, n), n), kernel), Streams((b"0", b"1", b"2")))
    parameters = kernels(seed + 1, (n, n), 3)
    slopes = gradients(problem, parameters)
    K1, K2 = (torch.fft.fft(value) for value in parameters.values())
    G1, G2 = (torch.fft.fft(value) for value in slopes.values())
    assert torch.allclose((K1.conj() * G1).real, (K2.conj() * G2).real, rtol=1e-10, atol=1e-11)


def test_balanced_kernels_feel_no_pull_towards_independence() -> None:
    problem = posed("full-cascade-large")
    half = problem.observations.sqrt().sqrt()
    kernel = torch.fft.irfft(half.to(torch.complex128), n=64)
    balanced = {"k1": kernel.clone().requires_grad_(), "k2": kernel.roll(3, -1).requires_grad_()}
    assert float(problem.loss(balanced).detach().max()) < 1e-20
    slopes = torch.autograd.grad(problem.log_generic_ratio(balanced).sum(), [*balanced.values()])
    pulls = [
        (torch.fft.rfft(slope) * torch.fft.rfft(kernel.detach()).conj()).real
        for slope, kernel in zip(slopes, balanced.values(), strict=True)
    ]
    assert float((pulls[0] - pulls[1]).abs().max()) < 1e-12


def norm_difference(parameters: Parameters) -> Tensor:
    return parameters["k1"].square().sum(-1, keepdim=True) - parameters["k2"].square().sum(-1, keepdim=True)


def spectral_difference(parameters: Parameters) -> Tensor:
    """|K_1|^2 - |K_2|^2 at each frequency."""
    P1, P2 = (torch.fft.rfft(value).abs().square() for value in parameters.values())
    return P1 - P2


def balance(parameters: Parameters) -> Tensor:
    """A A' - B' B."""
    A, B = parameters["A"], parameters["B"]
    return (A @ A.mT - B.mT @ B).flatten(1)


def drift(problem: Problem, conserved: Callable[[Parameters], Tensor], rate: float, momentum: float = 0.0) -> Tensor:
    """How far each row's conserved quantity moves while gradient descent runs for a time of 4 in all."""
    start = problem.start()
    end = train(problem, start, Phase(Objective(), DescentRule(rate, momentum)), round(8 / rate))
    assert bool((problem.loss(end) < 0.9 * problem.loss(start)).all())
    return (conserved(end) - conserved(start)).norm(dim=-1)


def natural_problem() -> Problem:
    return problem_of("fir-natural", range(8))


def full_length_problem() -> Problem:
    kernel = kernels(0, (16,), 8)["k1"]
    return Problem(Impulse(ConvolutionCascade((16, 16), 16), kernel), Streams(tuple(map(bytes, range(8)))))


@pytest.mark.parametrize(
    ("make_problem", "conserved"),
    [(natural_problem, norm_difference), (full_length_problem, spectral_difference)],
    ids=["norms", "full-length-spectra"],
)
def test_the_drift_of_what_gradient_flow_conserves_shrinks_with_the_step(
    make_problem: Callable[[], Problem], conserved: Callable[[Parameters], Tensor]
) -> None:
    coarse, fine = drift(make_problem(), conserved, 0.02), drift(make_problem(), conserved, 0.01)
    assert bool((coarse > 1e-6).all())
    assert torch.allclose(coarse / fine, torch.full((8,), 2.0).double(), rtol=0.1)


def test_momentum_breaks_the_conservation() -> None:
    plain, heavy = (drift(natural_problem(), norm_difference, 0.02, momentum) for momentum in (0.0, 0.9))
    assert bool((heavy > 3 * plain).all())


def linear_samples() -> Problem:
    A, B, *normals = torch.from_numpy(np.random.default_rng(0).standard_normal((42, 4, 4, 4)))
    observation = draw_gaussian_samples(LinearCascade(4), {"A": A, "B": B}, torch.cat(normals, 1).reshape(4, -1, 8))
    return Problem(observation, Streams(tuple(map(bytes, range(4)))))


CONSERVED: dict[str, tuple[Callable[[], Problem], Callable[[Parameters], Tensor]]] = {
    "spectrum": (lambda: posed("full-cascade-large"), spectral_difference),
    "samples": (lambda: posed("drift"), spectral_difference),
    "covariance": (lambda: posed("linear-gaussian-natural"), balance),
    "linear samples": (linear_samples, balance),
}


@pytest.mark.parametrize("case", CONSERVED)
def test_a_gradient_step_moves_what_flow_conserves_by_the_square_of_its_rate(case: str) -> None:
    make_problem, conserved = CONSERVED[case]
    problem = make_problem()
    start = {name: value + 0.1 * problem.randn(name, *value.shape[1:]) for name, value in problem.start(0.3).items()}
    moved = []
    for rate in (1e-2, 5e-3):
        end = train(problem, start, Phase(Objective(), DescentRule(rate)), 1)
        moved.append((conserved(end) - conserved(start)).norm(dim=-1))
    assert bool((moved[0] > 1e-12).all())
    assert torch.allclose(moved[0] / moved[1], torch.full((4,), 4.0).double(), rtol=1e-3)
