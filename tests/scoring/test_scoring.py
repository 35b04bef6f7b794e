"""The metrics of THEORY 2: definitions, identities and invariances."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from draws import all_spectra, each_seed, kernels, truth_from, truth_of
from torch import Tensor

from indmech_bench.problem.solution import Solution
from indmech_bench.scm.genericity import prior_null
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scoring.evaluation import equivalence_gap
from indmech_bench.scoring.references import of_parameters
from indmech_bench.scoring.scores import score
from indmech_bench.tasks.truth import Truth

MODELS = [ConvolutionCascade((5, 4), 32), ConvolutionCascade((5, 4), 33, intervened=1)]
each_model = pytest.mark.parametrize("model", MODELS, ids=repr)


def drawn_truth(seed: int, model: ConvolutionCascade, replicates: int = 3) -> Truth:
    return truth_from(model, kernels(seed, model.lengths, replicates))


def other(seed: int, truth: Truth) -> dict[str, Tensor]:
    """Kernels that have nothing to do with the truth."""
    return kernels(seed + 1, truth.model.lengths, truth.replicates)


def near(seed: int, truth: Truth, size: float) -> dict[str, Tensor]:
    """The truth with taps moved by about `size`."""
    drawn = other(seed, truth)
    return {name: value + size * drawn[name] for name, value in truth.parameters.items()}


def padded(value: Tensor, before: int, after: int) -> Tensor:
    return torch.nn.functional.pad(value, (before, after))


def divergences(S: np.ndarray, T: np.ndarray) -> np.ndarray:
    return ((np.sqrt(S) - np.sqrt(T)) ** 2).mean(-1)


@each_model
@each_seed(10)
def test_metrics_are_their_definitions_written_out(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    parameters = near(seed, truth, 0.2)
    metrics = {name: value.numpy() for name, value in score(truth, of_parameters(truth, parameters)).items()}
    true, made = all_spectra(model, truth.parameters), all_spectra(model, parameters)

    D = divergences(made, true)[:, 1:]
    moved = divergences(true[:, :1], true[:, 1:]).sum(-1)
    constant = np.sqrt(true).mean(1, keepdims=True) ** 2
    best = divergences(true[:, 1:, None], made[:, None]).min(-1)
    C_hat, C = made.mean(-1), true.mean(-1)
    F = (C_hat[:, 1:] + C[:, 1:] - D) / 2

    assert np.allclose(metrics["fit_error"], divergences(made[:, 0], true[:, 0]) / C[:, 0], rtol=1e-8)
    assert np.allclose(metrics["extrapolation_error"], D.sum(-1) / moved, rtol=1e-8)
    assert np.allclose(metrics["class_error"], best.sum(-1) / moved, rtol=1e-8)
    skill = 1 - D.sum(-1) / divergences(constant, true[:, 1:]).sum(-1)
    assert np.allclose(metrics["relative_skill"], skill, rtol=1e-8, atol=1e-10)
    shape = 1 - F.sum(-1) / np.sqrt(C_hat[:, 1:].sum(-1) * C[:, 1:].sum(-1))
    assert np.allclose(metrics["shape_error"], shape, rtol=1e-8, atol=1e-12)
    assert np.allclose(metrics["log_generic_ratio"], np.log(C_hat[:, 0] / C_hat.mean(-1)), atol=1e-11)
    assert np.allclose(metrics["power_error"], np.abs(np.log(C_hat.mean(-1) / C.mean(-1))), atol=1e-11)


@each_model
@each_seed()
def test_the_score_is_one_over_one_plus_the_error(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    metrics = score(truth, of_parameters(truth, other(seed, truth)))
    assert torch.allclose(metrics["score"] * (1 + metrics["extrapolation_error"]), torch.ones(3).double(), rtol=1e-13)


@each_model
@each_seed()
def test_power_error_follows_from_power_and_rho(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    parameters = other(seed, truth)
    power = [model.mean(model.half_spectrum(p)).log() for p in (parameters, truth.parameters)]
    ratio = [model.log_generic_ratio(p) for p in (parameters, truth.parameters)]
    expected = (power[0] - power[1] + ratio[1] - ratio[0]).abs()
    assert torch.allclose(score(truth, of_parameters(truth, parameters))["power_error"], expected, atol=1e-11)


@each_model
@each_seed()
def test_log_generic_ratio_is_the_models_and_its_pvalue_the_nulls(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    parameters = near(seed, truth, 0.2)
    metrics = score(truth, of_parameters(truth, parameters))
    assert torch.allclose(metrics["log_generic_ratio"], model.log_generic_ratio(parameters), atol=1e-11)
    assert torch.equal(metrics["ratio_pvalue"], prior_null(model).pvalue(metrics["log_generic_ratio"]))


@each_model
@each_seed()
def test_class_error_is_at_most_the_extrapolation_error(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    for size in (1e-3, 0.1, 10.0):
        metrics = score(truth, of_parameters(truth, near(seed, truth, size)))
        assert bool((metrics["class_error"] <= metrics["extrapolation_error"] + 1e-12).all())


@each_model
def test_answering_another_intervention_than_asked_is_wrong_pointwise_and_right_as_a_class(
    model: ConvolutionCascade,
) -> None:
    truth = drawn_truth(0, model)
    confused = Solution(lambda g: model.law(truth.parameters, replace(g, shift=5 * g.shift % model.n)))
    metrics = score(truth, confused)
    assert bool((metrics["extrapolation_error"] > 0.1).all())
    assert float(metrics["class_error"].max()) < 1e-12


@each_model
@each_seed()
def test_shape_error_is_between_zero_and_one(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    for parameters in (truth.parameters, near(seed, truth, 0.1), other(seed, truth)):
        shape_error = score(truth, of_parameters(truth, parameters))["shape_error"]
        assert bool(((shape_error >= -1e-12) & (shape_error <= 1)).all())


@each_model
@each_seed()
def test_shape_error_does_not_see_scale(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    parameters = near(seed, truth, 0.2)
    scaled = model.rescale(parameters, torch.tensor([0.1, -3.0, 50.0], dtype=torch.float64))
    before, after = (score(truth, of_parameters(truth, p)) for p in (parameters, scaled))
    assert torch.allclose(before["shape_error"], after["shape_error"], rtol=1e-9, atol=1e-11)
    assert not torch.allclose(before["extrapolation_error"], after["extrapolation_error"])


@each_model
@each_seed()
def test_the_truth_in_another_scale_has_no_shape_error(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    scaled = model.rescale(truth.parameters, torch.tensor([0.1, -3.0, 50.0], dtype=torch.float64))
    metrics = score(truth, of_parameters(truth, scaled))
    assert float(metrics["shape_error"].abs().max()) < 1e-12
    assert float(metrics["extrapolation_error"].min()) > 0.1


@pytest.mark.parametrize(
    ("size", "identified"), [(0.0, 1.0), (1e-4, 1.0), (0.3, 0.0), (10.0, 0.0)], ids=["truth", "close", "off", "far"]
)
def test_identified_is_a_small_error_with_a_small_fit_error(size: float, identified: float) -> None:
    truth = truth_of("fir-natural", range(20))
    metrics = score(truth, of_parameters(truth, near(0, truth, size)))
    small = (metrics["extrapolation_error"] < 0.01) & (metrics["fit_error"] < 1e-3)
    assert torch.equal(metrics["identified"], small.double())
    assert float(metrics["identified"].mean()) == identified


def test_a_small_error_is_not_identified_without_a_fit() -> None:
    truth = truth_of("fir-natural", range(20))
    slightly_louder = truth.model.rescale(truth.parameters, torch.full((20,), 1.05, dtype=torch.float64))
    metrics = score(truth, of_parameters(truth, slightly_louder))
    below = metrics["extrapolation_error"] < 0.01
    assert bool((below & (metrics["fit_error"] > 1e-3)).any())
    assert not bool(metrics["identified"].any())


@pytest.mark.parametrize("size", [1e-6, 1e-4, 1e-3, 1e-2])
def test_exact_is_an_equivalence_gap_below_a_thousandth(size: float) -> None:
    truth = truth_of("fir-natural", range(20))
    parameters = near(0, truth, size)
    gap = equivalence_gap(truth, parameters)
    metrics = score(truth, of_parameters(truth, parameters))
    assert torch.equal(metrics["equivalence_gap"], gap)
    assert torch.equal(metrics["exact"], (gap < 1e-3).double())


def test_metrics_that_need_parameters_are_absent_without() -> None:
    truth = truth_of("fir-natural", range(3))
    with_parameters = of_parameters(truth, truth.parameters)
    absent = score(truth, with_parameters).keys() - score(truth, Solution(with_parameters.law)).keys()
    assert absent == {"equivalence_gap", "exact", "parameter_error", "error_other_interventions"}


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_solution_that_is_not_finite_spoils_its_own_replicate_only(bad: float) -> None:
    truth = truth_of("fir-natural", range(5))
    parameters = near(0, truth, 0.1)
    spoilt = {name: value.clone() for name, value in parameters.items()}
    spoilt["k2"][2, 0] = bad
    before, after = (score(truth, of_parameters(truth, p)) for p in (parameters, spoilt))
    others = [0, 1, 3, 4]
    for name, value in before.items():
        assert torch.equal(value[others], after[name][others])
    for name in ("fit_error", "extrapolation_error", "score", "equivalence_gap", "parameter_error", "ratio_pvalue"):
        assert bool(after[name][2].isnan())


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


def parameter_error(truth: Truth, parameters: dict[str, Tensor]) -> Tensor:
    return truth.model.parameter_error(parameters, truth.parameters, truth.phase)


def brute_parameter_error(truth: Truth, parameters: dict[str, Tensor]) -> np.ndarray:
    """Least over delays d of the first kernel, -d of the second, and both signs."""
    n = truth.model.n
    sides = []
    for side in (parameters, truth.parameters):
        taps = [np.pad(side[name].numpy(), ((0, 0), (0, n - side[name].shape[-1]))) for name in truth.model.names]
        sides.append([kernel / np.linalg.norm(kernel, axis=-1, keepdims=True) for kernel in taps])
    (a, b), (true_a, true_b) = sides
    tried = [
        (((p * np.roll(a, d, -1) - true_a) ** 2).sum(-1) + ((q * np.roll(b, -d, -1) - true_b) ** 2).sum(-1)) / 2
        for d, p, q in itertools.product(range(n), (1, -1), (1, -1))
    ]
    return np.sqrt(np.min(tried, axis=0))


@each_seed()
def test_parameter_error_is_the_least_over_opposite_delays_and_signs(seed: int) -> None:
    truth = drawn_truth(seed, MODELS[0])
    parameters = other(seed, truth)
    assert np.allclose(parameter_error(truth, parameters).numpy(), brute_parameter_error(truth, parameters), rtol=1e-9)


@each_seed()
def test_parameter_error_of_the_truth_is_zero(seed: int) -> None:
    truth = drawn_truth(seed, MODELS[0])
    assert float(parameter_error(truth, truth.parameters).max()) < 1e-14


@pytest.mark.parametrize(("first", "second"), [(1.0, -1.0), (-1.0, 1.0), (-3.0, -0.2)])
@each_seed(10)
def test_parameter_error_does_not_see_signs_and_scales(first: float, second: float, seed: int) -> None:
    truth = drawn_truth(seed, MODELS[0])
    parameters = near(seed, truth, 0.1)
    changed = {"k1": first * parameters["k1"], "k2": second * parameters["k2"]}
    assert torch.allclose(parameter_error(truth, changed), parameter_error(truth, parameters), rtol=1e-10)


@pytest.mark.parametrize("delay", [-3, -1, 2, 3])
@each_seed(10)
def test_parameter_error_does_not_see_opposite_delays(delay: int, seed: int) -> None:
    drawn = kernels(seed, (5, 4), 3)
    model = ConvolutionCascade((11, 10), 32)
    truth = truth_from(model, {name: padded(value, 3, 3) for name, value in drawn.items()})
    opposite = {"k1": truth.parameters["k1"].roll(delay, -1), "k2": truth.parameters["k2"].roll(-delay, -1)}
    together = {"k1": truth.parameters["k1"].roll(delay, -1), "k2": truth.parameters["k2"].roll(delay, -1)}
    assert float(parameter_error(truth, opposite).max()) < 1e-14
    assert float(parameter_error(truth, together).min()) > 1e-2
