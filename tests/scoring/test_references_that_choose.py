"""References that choose one of all solutions: by a placebo, by the posterior, blindly among classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from draws import each_seed, problem_of, truth_from, truth_of
from presets import drawn, each_task, posed, scored, solved
from scipy import stats

from indmech_bench.errors import UnsupportedError
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import live
from indmech_bench.scm.factorisation import convolve
from indmech_bench.scm.genericity import placebo_statistic
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.streams import Streams
from indmech_bench.scoring.evaluation import equivalence_gap
from indmech_bench.scoring.references import distinct_classes, log_posterior
from indmech_bench.tasks.truth import Truth


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
