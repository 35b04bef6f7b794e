"""References have the values that THEORY 2 gives them, on whatever truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import contracts
import numpy as np
import pytest
import torch
from contracts import differs
from draws import PRESETS, Array, each_seed, kernels, problem_of, truth_from, truth_of
from scipy import stats

from indmech_bench.errors import UnsupportedError
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import live
from indmech_bench.scm.divergences import squared_bures_wasserstein
from indmech_bench.scm.factorisation import convolve
from indmech_bench.scm.genericity import placebo_statistic
from indmech_bench.scm.interventions import modulations
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.solution_lists import enumerate_solutions
from indmech_bench.scm.streams import Streams
from indmech_bench.scoring.evaluation import equivalence_gap
from indmech_bench.scoring.references import best_constant_law, complement, distinct_classes, log_posterior
from indmech_bench.tasks.truth import Truth

TEXTS = (*PRESETS[:4], "fir-natural:taps=5x5")
SEEDS = range(10)

each_task = pytest.mark.parametrize("text", TEXTS)


drawn, posed, solved, scored = (
    partial(one, seeds=SEEDS) for one in (contracts.drawn, contracts.posed, contracts.solved, contracts.scored)
)


@each_task
@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("fit_error", 0.0),
        ("extrapolation_error", 0.0),
        ("score", 1.0),
        ("relative_skill", 1.0),
        ("shape_error", 0.0),
        ("class_error", 0.0),
        ("identified", 1.0),
        ("equivalence_gap", 0.0),
        ("exact", 1.0),
        ("power_error", 0.0),
        ("parameter_error", 0.0),
        ("error_euclidean", 0.0),
        ("error_equal_weights", 0.0),
        ("error_over_power", 0.0),
        ("error_other_interventions", 0.0),
    ],
)
def test_the_oracle_is_perfect(text: str, metric: str, expected: float) -> None:
    assert differs(scored(text, "oracle")[metric], expected) < 1e-12


@each_task
def test_the_oracles_ratio_is_the_truths(text: str) -> None:
    truth = drawn(text)
    assert torch.allclose(
        scored(text, "oracle")["log_generic_ratio"], truth.model.log_generic_ratio(truth.parameters), atol=1e-12
    )


@each_task
@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("fit_error", 0.0),
        ("extrapolation_error", 1.0),
        ("score", 0.5),
        ("class_error", 1.0),
        ("identified", 0.0),
        ("log_generic_ratio", 0.0),
        ("ratio_pvalue", 1.0),
        ("error_euclidean", 1.0),
        ("error_equal_weights", 1.0),
    ],
)
def test_ignoring_the_intervention_has_error_one(text: str, metric: str, expected: float) -> None:
    assert differs(scored(text, "no-intervention")[metric], expected) < 1e-9


@each_task
def test_ignoring_the_intervention_has_no_skill(text: str) -> None:
    assert bool((scored(text, "no-intervention")["relative_skill"] < 0).all())


@each_task
def test_ignoring_the_intervention_has_the_truths_log_ratio_for_a_power_error(text: str) -> None:
    ratio = drawn(text).model.log_generic_ratio(drawn(text).parameters)
    assert torch.allclose(scored(text, "no-intervention")["power_error"], ratio.abs(), atol=1e-11)


@pytest.mark.parametrize("reference", ["no-intervention", "output-intervention", "white", "best-constant"])
def test_references_without_mechanisms_have_no_metrics_of_mechanisms(reference: str) -> None:
    assert not {"equivalence_gap", "exact", "parameter_error"} & scored("fir-natural", reference).keys()


@each_task
def test_the_best_constant_has_skill_zero(text: str) -> None:
    assert differs(scored(text, "best-constant")["relative_skill"], 0.0) < 1e-12


@each_seed()
def test_no_constant_law_is_nearer_to_all_modulated_truths_than_the_best(seed: int) -> None:
    truth = drawn("fir-natural")
    best = best_constant_law(truth)
    laws = torch.stack([truth.model.law(truth.parameters, g) for g in modulations(64).group], 1)
    least = squared_bures_wasserstein(best[:, None], laws).sum(-1)
    noise = torch.from_numpy(np.random.default_rng(seed).standard_normal((3, *best.shape)))
    for law in (best * (0.1 * noise[0]).exp(), best + 0.01 * noise[1].abs(), best * (0.1 * noise[2, :, :1]).exp()):
        assert bool((squared_bures_wasserstein(law[:, None], laws).sum(-1) > least).all())


@each_task
def test_the_best_constant_is_the_squared_mean_of_the_roots_of_the_intervened_laws(text: str) -> None:
    truth = drawn(text)
    roots = torch.stack([truth.model.law(truth.parameters, g).sqrt() for g in modulations(64).group]).mean(0)
    assert torch.allclose(best_constant_law(truth), roots.square(), rtol=1e-11, atol=1e-14)


@each_task
def test_intervening_on_the_output_is_generic_exactly(text: str) -> None:
    assert differs(scored(text, "output-intervention")["log_generic_ratio"], 0.0) < 1e-13


@each_task
def test_intervening_on_the_output_moves_the_observed_law(text: str) -> None:
    truth, solution = drawn(text), solved(text, "output-intervention")
    observed = truth.model.law(truth.parameters, truth.family.identity)
    for g in modulations(64).group[::9]:
        assert torch.equal(solution.law(g), observed.roll(g.shift, -1))


@each_task
def test_white_noise_has_the_observed_power_at_every_frequency(text: str) -> None:
    truth, solution = drawn(text), solved(text, "white")
    power = truth.model.law(truth.parameters, truth.family.identity).mean(-1)
    for g in modulations(64).group[::9]:
        assert torch.allclose(solution.law(g), power[:, None].expand(-1, 64), rtol=1e-14)


@each_task
@pytest.mark.parametrize("reference", ["random-solution", "placebo-criterion", "bayes-prior"])
def test_references_that_choose_a_solution_fit(text: str, reference: str) -> None:
    parameters = solved(text, reference).parameters
    assert parameters is not None
    composites = np.stack(list(drawn(text).composites()))
    made = convolve(parameters["k1"].numpy(), parameters["k2"].numpy())
    relative = np.linalg.norm(made - composites, axis=-1) / np.linalg.norm(composites, axis=-1)
    assert relative.max() < 1e-9
    assert float(scored(text, reference)["fit_error"].max()) < 1e-18


@each_task
def test_the_placebo_has_the_nearest_centroids_of_all_solutions(text: str) -> None:
    truth, parameters = drawn(text), solved(text, "placebo-criterion").parameters
    assert parameters is not None
    chosen = placebo_statistic(parameters)
    for row, composite in enumerate(truth.composites()):
        assert abs(float(chosen[row] - placebo_statistic(truth.solutions(composite)).min())) < 1e-9


@each_task
def test_bayes_has_the_largest_posterior_of_all_solutions(text: str) -> None:
    truth, parameters = drawn(text), solved(text, "bayes-prior").parameters
    assert parameters is not None
    chosen = log_posterior(*(value.numpy() for value in parameters.values()))
    for row, composite in enumerate(truth.composites()):
        every = log_posterior(*(value.numpy() for value in truth.solutions(composite).values()))
        assert np.isclose(chosen[row], every.max(), atol=1e-9)


def mirrored_truth() -> Truth:
    """Three solutions in two classes: the zeros 1/2 and 2 have the same spectrum."""
    kernels_of_zeros = {"k1": torch.tensor([[1.0, -0.5]]), "k2": torch.from_numpy(np.poly([2.0, -0.3])[None])}
    return truth_from(
        ConvolutionCascade((2, 3), 64), {name: value.double() for name, value in kernels_of_zeros.items()}
    )


@pytest.mark.parametrize(
    ("make_truth", "solutions", "classes"),
    [(lambda: truth_of("fir-natural:taps=5x3", [0]), 7, 7), (mirrored_truth, 3, 2)],
    ids=["natural", "mirrored"],
)
def test_the_blind_pick_is_uniform_over_classes(make_truth: Callable[[], Truth], solutions: int, classes: int) -> None:
    one = make_truth()
    keys = tuple(str(index).encode() for index in range(400))
    repeated = {name: value.expand(400, -1) for name, value in one.parameters.items()}
    many = replace(one, parameters=repeated, streams=Streams(keys))
    pairs = one.solutions(next(one.composites()))
    picked = live(Catalogue.read().find("reference", "random-solution"))(posed("fir-natural"), many).parameters
    ratios, chosen = one.model.log_generic_ratio(pairs), one.model.log_generic_ratio(picked)
    _, counts = chosen.mul(1e6).round().unique(return_counts=True)
    assert len(ratios) == solutions
    assert float((chosen[:, None] - ratios).abs().min(-1).values.max()) < 1e-12
    assert len(counts) == classes
    assert stats.chisquare(counts.numpy()).pvalue > 1e-3


def test_a_blind_pick_does_not_depend_on_which_others_are_drawn() -> None:
    among = solved("fir-natural", "random-solution").parameters
    reference = live(Catalogue.read().find("reference", "random-solution"))
    alone = reference(problem_of("fir-natural", [7]), truth_of("fir-natural", [7])).parameters
    assert among is not None
    assert torch.equal(among["k1"][7], alone["k1"][0])


@each_seed(10)
def test_solutions_that_predict_the_same_are_one_class(seed: int) -> None:
    generator = np.random.default_rng(seed)
    zero, real = generator.uniform(0.3, 0.8), generator.uniform(-0.8, -0.3)
    k1, k2 = (torch.from_numpy(np.poly(zeros)[None]) for zeros in ([zero], [1 / zero, real]))
    truth = truth_from(ConvolutionCascade((2, 3), 64), {"k1": k1, "k2": k2})
    pairs = truth.solutions(next(truth.composites()))
    assert len(pairs["k1"]) == 3
    assert len(distinct_classes(truth, pairs)) == 2


def test_every_solution_is_in_one_class_and_no_two_classes_are_the_same() -> None:
    truth = drawn("fir-natural:taps=5x5")
    for composite in truth.composites():
        pairs = truth.solutions(composite)
        classes = distinct_classes(truth, pairs)
        size = len(pairs["k1"])
        for index in range(size):
            own = truth_from(truth.model, {name: value[index].expand(size, -1) for name, value in pairs.items()})
            gaps = equivalence_gap(own, truth_from(truth.model, pairs).parameters)[classes]
            assert int((gaps < 1e-5).sum()) == 1


@pytest.mark.parametrize("reference", ["random-solution", "placebo-criterion", "bayes-prior"])
def test_too_many_solutions_are_refused(reference: str) -> None:
    text = "fir-natural:taps=32x33"
    with pytest.raises(UnsupportedError, match="solutions"):
        live(Catalogue.read().find("reference", reference))(problem_of(text, [0]), truth_of(text, [0]))


def unit(kernel: Array) -> Array:
    made: Array = kernel / np.linalg.norm(kernel, axis=-1, keepdims=True)
    return made


@pytest.mark.parametrize("lengths", [(2, 2), (3, 2), (4, 3), (2, 5)])
@each_seed()
def test_the_posterior_is_minus_the_log_jacobian_of_directions(lengths: tuple[int, int], seed: int) -> None:
    a, b = (unit(value.numpy()) for value in kernels(seed, lengths, 1).values())
    basis_a, basis_b = (np.linalg.svd(direction)[2][1:] for direction in (a, b))
    tangents = [(tangent, np.zeros_like(b[0])) for tangent in basis_a]
    tangents += [(np.zeros_like(a[0]), tangent) for tangent in basis_b]
    step = 1e-5
    columns = [
        (unit(convolve(a + step * da, b + step * db)) - unit(convolve(a - step * da, b - step * db)))[0] / (2 * step)
        for da, db in tangents
    ]
    volume = np.linalg.svd(np.stack(columns, -1))[1].prod()
    assert np.isclose(log_posterior(a, b)[0], -np.log(volume), atol=1e-5)


@each_seed()
def test_the_posterior_does_not_see_scale(seed: int) -> None:
    first, second = (value.numpy() for value in kernels(seed, (4, 3), 5).values())
    assert np.allclose(log_posterior(first, second), log_posterior(-3 * first, 0.1 * second), atol=1e-10)


@pytest.mark.parametrize("lengths", [(3, 2), (5, 3)])
def test_posterior_probabilities_are_how_often_a_solution_is_the_truth(lengths: tuple[int, int]) -> None:
    drawn_taps = kernels(1, lengths, 1500)
    excess, variance = 0.0, 0.0
    for k1, k2 in zip(drawn_taps["k1"].numpy(), drawn_taps["k2"].numpy(), strict=True):
        first, second = enumerate_solutions(np.convolve(k1, k2), lengths)
        weights = log_posterior(first, second)
        probability = np.exp(weights - weights.max())
        probability /= probability.sum()
        true = np.abs(first @ unit(k1)).argmax()
        score_of_truth = weights - (probability * weights).sum()
        excess += score_of_truth[true]
        variance += (probability * score_of_truth**2).sum()
    assert abs(excess) < 4 * np.sqrt(variance)


@each_seed()
def test_the_complement_is_an_orthonormal_basis(seed: int) -> None:
    direction = unit(kernels(seed, (6,), 4)["k1"].numpy())
    direction[0] = np.eye(6)[0]
    direction[1] = -np.eye(6)[0]
    basis = complement(direction)
    assert np.allclose(basis.swapaxes(1, 2) @ basis, np.eye(5), atol=1e-13)
    assert np.allclose(basis.swapaxes(1, 2) @ direction[:, :, None], 0, atol=1e-13)
