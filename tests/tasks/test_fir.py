"""The truths of the FIR task: what its presets draw, and the facts that are told of them (THEORY 3.1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest
import torch
from draws import PRESETS, kernels, problem_of, truth_of
from scipy import stats
from torch import Tensor

from indmech_bench.problem.solution import Solution
from indmech_bench.registry.registration import get_method, get_task
from indmech_bench.scm.divergences import squared_bures_wasserstein
from indmech_bench.scm.interventions import modulations
from indmech_bench.scm.solution_lists import LIMIT
from indmech_bench.scoring.references import oracle, random_solution
from indmech_bench.scoring.scores import score
from indmech_bench.tasks.chains import fir
from indmech_bench.tasks.truth import Truth

each_preset = pytest.mark.parametrize("preset", PRESETS)


@lru_cache
def drawn(preset: str) -> Truth:
    """A few truths; conditioning on log rho = -1 is slow."""
    return truth_of(preset, range({"fir-dependent-minus": 8, "fir-graded": 150}.get(preset, 20)))


@each_preset
def test_truths_have_mean_power_one(preset: str) -> None:
    P, R, _ = drawn(preset).model.parts(drawn(preset).parameters)
    assert float(((P * R).mean(-1) - 1).abs().max()) < 1e-12


@pytest.mark.parametrize(
    ("preset", "dependence"), [("fir-generic", 0.0), ("fir-dependent-plus", 0.4), ("fir-dependent-minus", -1.0)]
)
def test_truths_have_the_dependence_of_their_preset(preset: str, dependence: float) -> None:
    ratio = drawn(preset).model.log_generic_ratio(drawn(preset).parameters)
    assert float((ratio - dependence).abs().max()) < 0.001


def test_graded_truths_spread_normally_around_independence() -> None:
    ratio = drawn("fir-graded").model.log_generic_ratio(drawn("fir-graded").parameters).numpy()
    assert 0.043 < ratio.std() < 0.057
    assert stats.kstest(ratio, "norm", args=(0.0, 0.05)).pvalue > 1e-3


def test_a_spread_lies_around_the_dependence() -> None:
    truth = truth_of("fir-natural:dependence=0.2,spread=0.02", range(60))
    ratio = truth.model.log_generic_ratio(truth.parameters)
    assert abs(float(ratio.mean()) - 0.2) < 0.01
    assert 0.013 < float(ratio.std()) < 0.027


def test_a_larger_tolerance_is_used() -> None:
    truth = truth_of("fir-generic:tolerance=0.1", range(60))
    ratio = truth.model.log_generic_ratio(truth.parameters).abs()
    assert 0.05 < float(ratio.max()) < 0.1


def test_natural_truths_are_directions_of_gaussian_taps() -> None:
    truth = truth_of("fir-natural", range(400))
    for value in truth.parameters.values():
        unit = value / value.norm(dim=-1, keepdim=True)
        degrees = value.shape[-1] - 1
        t = unit * (degrees / (1 - unit.square())).sqrt()
        assert stats.kstest(t[:, 0].numpy(), "t", args=(degrees,)).pvalue > 1e-3
        assert stats.kstest(t[:, -1].numpy(), "t", args=(degrees,)).pvalue > 1e-3


@each_preset
def test_interventions_move_every_truth_by_a_hundredth_of_its_power(preset: str) -> None:
    truth = drawn(preset)
    laws = torch.stack([truth.model.law(truth.parameters, g) for g in modulations(truth.model.n).group], 1)
    assert bool((squared_bures_wasserstein(laws[:, :1], laws[:, 1:]).mean(-1) >= 0.01 * laws[:, 0].mean(-1)).all())


def test_what_counts_as_moving_is_a_hundredth_of_the_power() -> None:
    task = get_task("fir-natural:taps=2x3")
    second_taps = torch.linspace(0.01, 0.4, 200, dtype=torch.float64)
    pairs = {"k1": torch.stack([torch.ones(200).double(), second_taps], -1), "k2": kernels(0, (3,), 200)["k1"]}
    laws = torch.stack([task.model.law(pairs, g) for g in modulations(64).group], 1)
    moves = squared_bures_wasserstein(laws[:, :1], laws[:, 1:]).mean(-1) >= 0.01 * laws[:, 0].mean(-1)
    assert 20 < int(moves.sum()) < 180
    assert torch.equal(task._moves(pairs), moves)


def test_pairs_that_interventions_hardly_move_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []

    def still(self: fir.FirTask, pairs: dict[str, Tensor]) -> Tensor:
        seen.append(pairs["k1"])
        return torch.tensor([len(seen) > 1]).expand(len(pairs["k1"])).clone()

    monkeypatch.setattr(fir.FirTask, "_moves", still)
    truth = truth_of("fir-natural", [0])
    first = seen[-1][0] / seen[-1][0].norm()
    assert torch.allclose(truth.parameters["k1"][0] / truth.parameters["k1"][0].norm(), first)
    assert len(seen) == 2


@each_preset
def test_a_truth_does_not_depend_on_which_others_are_drawn(preset: str) -> None:
    for seeds in ([3], [5, 3, 1], [3, 3]):
        alone = truth_of(preset, seeds)
        for name, value in alone.parameters.items():
            assert torch.equal(value[seeds.index(3)], drawn(preset).parameters[name][3])


def adam(truth: Truth, text: str) -> Solution:
    made: Solution = get_method("adam:steps=30").fit(problem_of(text, range(truth.replicates)))
    return made


@pytest.mark.parametrize(
    "solve",
    [
        lambda truth, text: oracle(problem_of(text, range(truth.replicates)), truth),
        lambda truth, text: random_solution(problem_of(text, range(truth.replicates)), truth),
        adam,
    ],
    ids=["oracle", "random-solution", "adam"],
)
def test_the_scale_of_the_draw_changes_no_bit_of_any_metric(
    solve: Callable[[Truth, str], Solution], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "fir-natural"
    plain = truth_of(text, range(6))
    before = score(plain, solve(plain, text))
    draw = fir.FirTask.draw
    monkeypatch.setattr(fir.FirTask, "draw", lambda *given: {name: 4 * value for name, value in draw(*given).items()})
    louder = truth_of(text, range(6))
    after = score(louder, solve(louder, text))
    assert torch.equal(4 * louder.parameters["k1"], plain.parameters["k1"])
    assert torch.equal(louder.parameters["k2"], 4 * plain.parameters["k2"])
    for name, value in before.items():
        assert torch.equal(value, after[name]), name


def test_facts_are_rho_the_number_of_solutions_and_the_largest_rho_among_them() -> None:
    truth = drawn("fir-natural")
    facts = get_task("fir-natural").facts(truth)
    for row, composite in enumerate(truth.composites()):
        ratios = truth.model.log_generic_ratio(truth.solutions(composite))
        own = facts["log_generic_ratio"][row]
        assert facts["solutions"][row] == len(ratios)
        assert facts["largest_log_generic_ratio"][row] == float(ratios.max())
        assert float((ratios - own).abs().min()) < 1e-9


def test_the_largest_rho_is_unknown_where_solutions_are_too_many() -> None:
    truth = truth_of("fir-natural:taps=32x33", [0])
    facts = get_task("fir-natural:taps=32x33").facts(truth)
    assert facts["solutions"][0] > LIMIT
    assert facts["largest_log_generic_ratio"] == [None]
