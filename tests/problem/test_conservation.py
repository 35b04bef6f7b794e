"""What gradient flow conserves where the law is seen without phase (THEORY 3.1, 3.2), and clipped gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from contracts import posed
from draws import each_seed
from torch import Tensor

from indmech_bench.problem.objective import Objective
from indmech_bench.problem.phase import DescentRule, Phase
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.training import shorten, train
from indmech_bench.scm.models.linear import LinearCascade
from indmech_bench.scm.observations.covariance import draw_gaussian_samples
from indmech_bench.scm.parameters import Parameters
from indmech_bench.scm.streams import Streams


def spectral_difference(parameters: Parameters) -> Tensor:
    """|K_1|^2 - |K_2|^2 at each frequency."""
    P1, P2 = (torch.fft.rfft(value).abs().square() for value in parameters.values())
    return P1 - P2


def balance(parameters: Parameters) -> Tensor:
    """A A' - B' B."""
    A, B = parameters["A"], parameters["B"]
    return (A @ A.mT - B.mT @ B).flatten(1)


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


def gradients(seed: int, *lead: int) -> dict[str, Tensor]:
    made = {}
    for index, shape in enumerate(((3,), (2, 2))):
        value = torch.zeros(*lead, *shape, dtype=torch.float64, requires_grad=True)
        value.grad = torch.from_numpy(np.random.default_rng(seed + index).standard_normal((*lead, *shape)))
        made[f"k{index}"] = value
    return made


def norms(parameters: Parameters, lead: int) -> Tensor:
    flat = [value.grad.flatten(lead) for value in parameters.values() if value.grad is not None]
    return torch.cat(flat, -1).norm(dim=-1)


@pytest.mark.parametrize("lead", [(5,), (5, 3)])
@each_seed()
def test_long_gradients_are_shortened_and_short_ones_left(lead: tuple[int, ...], seed: int) -> None:
    parameters = gradients(seed, *lead)
    before = norms(parameters, len(lead))
    kept = {name: value.grad.clone() for name, value in parameters.items() if value.grad is not None}
    shorten(parameters, 2.0, len(lead))
    assert torch.allclose(norms(parameters, len(lead)), before.clamp_max(2.0), rtol=1e-12)
    short = before < 2.0
    for name, value in parameters.items():
        assert value.grad is not None
        assert torch.equal(value.grad[short], kept[name][short])


def test_a_gradient_of_nan_shortens_no_other() -> None:
    parameters, spoilt = gradients(0, 4), gradients(0, 4)
    assert spoilt["k0"].grad is not None
    spoilt["k0"].grad[2, 0] = torch.nan
    shorten(parameters, 1.0, 1)
    shorten(spoilt, 1.0, 1)
    for name, value in parameters.items():
        assert value.grad is not None
        assert spoilt[name].grad is not None
        assert torch.equal(value.grad[[0, 1, 3]], spoilt[name].grad[[0, 1, 3]])
