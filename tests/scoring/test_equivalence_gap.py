"""The gap between equivalence classes: what it does not see, and what it measures of the rest."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from cascades import drawn_truth, each_model, other, padded
from draws import each_seed, kernels, truth_from
from torch import Tensor

from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scoring.evaluation import equivalence_gap
from indmech_bench.scoring.references import of_parameters
from indmech_bench.scoring.scores import score


@each_model
@each_seed()
def test_scale_of_either_sign_moved_between_kernels_changes_no_invariant(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    factor = torch.tensor([[0.01], [-2.0], [-300.0]], dtype=torch.float64)
    moved = {"k1": truth.parameters["k1"] * factor, "k2": truth.parameters["k2"] / factor}
    assert float(equivalence_gap(truth, moved).max()) < 1e-11
    assert float(score(truth, of_parameters(truth, moved))["extrapolation_error"].max()) < 1e-12


@each_model
@pytest.mark.parametrize("reversed_kernel", ["k1", "k2"])
@each_seed()
def test_time_reversal_of_one_kernel_changes_no_invariant(
    model: ConvolutionCascade, reversed_kernel: str, seed: int
) -> None:
    truth = drawn_truth(seed, model)
    mirrored = {**truth.parameters, reversed_kernel: truth.parameters[reversed_kernel].flip(-1)}
    assert float(equivalence_gap(truth, mirrored).max()) < 1e-10
    assert float(score(truth, of_parameters(truth, mirrored))["extrapolation_error"].max()) < 1e-12


@each_seed()
def test_a_delay_changes_no_invariant(seed: int) -> None:
    drawn = kernels(seed, (5, 4), 3)
    model = ConvolutionCascade((9, 7), 32)
    truth = truth_from(model, {"k1": padded(drawn["k1"], 0, 4), "k2": padded(drawn["k2"], 1, 2)})
    delayed = {"k1": truth.parameters["k1"].roll(3, -1), "k2": truth.parameters["k2"].roll(1, -1)}
    assert float(equivalence_gap(truth, delayed).max()) < 1e-10
    assert float(score(truth, of_parameters(truth, delayed))["extrapolation_error"].max()) < 1e-12


@each_model
def test_the_gap_of_a_louder_truth_is_that_of_its_log_power(model: ConvolutionCascade) -> None:
    truth = drawn_truth(0, model)
    factor = torch.tensor([0.5, 1.1, -4.0], dtype=torch.float64)
    gap = equivalence_gap(truth, model.rescale(truth.parameters, factor))
    assert torch.allclose(gap, 2 * factor.abs().log().abs(), atol=1e-11)


@each_model
@each_seed()
def test_the_gap_is_the_largest_relative_difference_of_the_blocks(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    parameters = other(seed, truth)
    (P_hat, R_hat, _), (P, R, _) = model.parts(parameters), model.parts(truth.parameters)
    shapes = [
        (made / made.mean(-1, keepdim=True), true / true.mean(-1, keepdim=True))
        for made, true in ((P_hat, P), (R_hat, R))
    ]
    gaps = [(made - true).square().sum(-1).sqrt() / true.square().sum(-1).sqrt() for made, true in shapes]
    gaps.append((P_hat.mean(-1) * R_hat.mean(-1) / (P.mean(-1) * R.mean(-1))).log().abs())
    assert torch.allclose(equivalence_gap(truth, parameters), torch.stack(gaps).max(0).values, rtol=1e-10)


def reflected_distance(a: complex, b: complex) -> float:
    return min(abs(a - b), abs(a - 1 / np.conj(b)))


@pytest.mark.parametrize("complex_zeros", [False, True])
@each_seed(30)
def test_exchanging_zeros_between_kernels_changes_invariants_and_predictions(complex_zeros: bool, seed: int) -> None:
    generator = np.random.default_rng(seed)

    def zero() -> complex:
        radius = generator.uniform(0.2, 5.0)
        return complex(radius * np.exp(1j * generator.uniform(0.1, 3.0)) if complex_zeros else radius)

    first, second = zero(), zero()
    while reflected_distance(first, second) < 1e-3:
        second = zero()
    groups = [np.real(np.poly([z, np.conj(z)] if complex_zeros else [z])) for z in (first, second)]
    rest = generator.standard_normal(4), generator.standard_normal(3)

    def pair(order: tuple[int, int]) -> dict[str, Tensor]:
        made = [np.convolve(kept, groups[group]) for kept, group in zip(rest, order, strict=True)]
        return {name: torch.from_numpy(taps[None]) for name, taps in zip(("k1", "k2"), made, strict=True)}

    model = ConvolutionCascade(tuple(len(kept) - 1 + len(groups[0]) for kept in rest), 64)
    truth = truth_from(model, pair((0, 1)))
    power = model.mean(model.half_spectrum(pair((0, 1))))
    exchanged = model.rescale(pair((1, 0)), power.rsqrt())
    metrics = score(truth, of_parameters(truth, exchanged))
    assert float(metrics["fit_error"]) < 1e-20
    assert float(metrics["equivalence_gap"]) > 1e-4
    assert float(metrics["extrapolation_error"]) > 1e-8
