"""Values, gradients and Jacobians of the fused way are those of the plain way, on every task of kernels."""

from __future__ import annotations

import pytest
import torch
from ways import KERNELS, MORE, OBJECTIVES, both_ways, compare_gradients, flat, relative

from indmech_bench import Objective, flatten, levenberg_marquardt
from indmech_bench.problem.least_squares import jacobian_of_features
from indmech_bench.problem.problem import Problem
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.observations.impulse import Impulse
from indmech_bench.scm.streams import Streams


@pytest.mark.parametrize("task", [*KERNELS, *MORE])
def test_value_and_gradient_are_those_of_autograd(task: str) -> None:
    fused, plain = both_ways(task)
    for name, objective in OBJECTIVES.items():
        for starts in (None, 3):
            compare_gradients(fused, plain, objective, fused.start(0.7, starts), name)


@pytest.mark.parametrize("task", ["fir-natural", "fir-spectrum", "fir-samples", "fork"])
def test_gradients_agree_near_zeros_of_the_spectrum(task: str) -> None:
    """Kernels with zeros at a distance from the unit circle of 1e-3 to 1e-9: at a zero itself the root has a kink."""
    fused, plain = both_ways(task)
    for distance in (1e-3, 1e-6, 1e-9):
        point = fused.start(0.7)
        zero = torch.tensor([1.0, -(1 - distance)]) if task != "fork" else torch.tensor([1.0, -1 + distance])
        for name, value in point.items():
            shorter = value[:, :-1]
            point[name] = torch.nn.functional.pad(shorter * zero[0], (0, 1)) + torch.nn.functional.pad(
                shorter * zero[1], (1, 0)
            )
        compare_gradients(fused, plain, OBJECTIVES["penalty"], point)


def test_a_spectrum_of_exact_zeros_pulls_nowhere_there() -> None:
    """The root of a power spectrum has no derivative at 0: both ways take 0, so that no row is lost."""
    fused, plain = both_ways("fir-spectrum")
    point = {name: torch.zeros_like(value) for name, value in fused.start().items()}
    leaves = {name: value.requires_grad_() for name, value in point.items()}
    Objective().value(plain, leaves).sum().backward()
    assert fused.engine is not None
    _, gradient = fused.engine.objective(Objective(), point)
    assert flat(gradient).tolist() == [0.0] * len(flat(gradient))
    assert all(not leaf.grad.any() for leaf in leaves.values())


@pytest.mark.parametrize("task", [*KERNELS, *MORE])
def test_jacobian_and_least_squares_are_those_of_the_plain_way(task: str) -> None:
    fused, plain = both_ways(task, 2)
    point = fused.start(0.7, 2)
    assert relative(fused.jacobian(point), plain.jacobian(point)) < 1e-10
    last = [*fused.shapes][-1]
    assert relative(fused.jacobian(point, [last]), plain.jacobian(point, [last])) < 1e-10
    ends = [levenberg_marquardt(problem, point, 3) for problem in (fused, plain)]
    assert relative(flatten(ends[0][0], fused.shapes), flatten(ends[1][0], fused.shapes)) < 1e-6
    assert fused.spent.tolist() == plain.spent.tolist()


def test_a_signal_of_any_length_is_transformed() -> None:
    """Odd lengths have no highest frequency, and kernels may be as long as the signal."""
    for n, lengths in ((15, (15, 4)), (21, (3, 2)), (50, (50, 50)), (7, (1, 1))):
        model = ConvolutionCascade(lengths, n)
        observation = Impulse(model, torch.randn(2, n, dtype=torch.float64))
        fused, plain = (Problem(observation, Streams((b"a", b"b")), training=way) for way in ("fused", "plain"))
        compare_gradients(fused, plain, OBJECTIVES["penalty"], fused.start(0.5))
        point = fused.start(0.5)
        wanted = jacobian_of_features(observation.normalised(torch.float64)[0], point, fused.shapes)
        assert relative(fused.jacobian(point), wanted) < 1e-10
