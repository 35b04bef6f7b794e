"""The shared training loop, Gauss-Newton polishing, and what gradient flow conserves (THEORY 3.1)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from draws import each_seed, kernels, problem_of, truth_of
from torch import Tensor

from indmech_bench.errors import BudgetExceededError
from indmech_bench.problem.gauss_newton import levenberg_marquardt
from indmech_bench.problem.objective import Objective
from indmech_bench.problem.phase import AdamRule, DescentRule, Phase, StepRule
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.training import train
from indmech_bench.registry.registration import get_method
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.observations.impulse import Impulse
from indmech_bench.scm.parameters import Parameters
from indmech_bench.scm.streams import Streams


def total(parameters: Parameters) -> Tensor:
    return parameters["k1"].sum(-1) + parameters["k2"].sum(-1)


def cosine(step: int, steps: int) -> float:
    return (1 + math.cos(math.pi * step / steps)) / 2


COSINE = [cosine(step, 10) for step in range(10)]


def rates_of_steps(steps: int, *turns: tuple[range, ...]) -> list[float]:
    """How far each step goes on a slope of 1, at a rate of 1; `turns`: the steps of each phase."""
    seen: list[float] = []

    def slope(parameters: Parameters, batch: Tensor | None) -> Tensor:
        seen.append(float(parameters["k1"][0, 0].detach()))
        return total(parameters)

    problem = problem_of("fir-natural", [0])
    phases = [Phase(slope, DescentRule(1.0), own_steps) for own_steps in turns]
    end = train(problem, problem.start(), phases, steps)
    return list(-np.diff([*seen, float(end["k1"][0, 0])]))


def test_rates_follow_a_cosine_to_zero() -> None:
    assert np.allclose(rates_of_steps(10, (range(10),)), COSINE, atol=1e-12)


def test_phases_that_alternate_share_the_cosine() -> None:
    assert np.allclose(
        rates_of_steps(10, (range(0, 10, 2),), (range(1, 10, 2),)), [cosine(step, 10) for step in range(10)], atol=1e-12
    )


def test_a_phase_that_moves_late_moves_at_the_rate_of_its_step() -> None:
    assert np.allclose(
        rates_of_steps(10, (range(5),), (range(5, 10),)), [cosine(step, 10) for step in range(10)], atol=1e-12
    )


@pytest.mark.parametrize(("starts", "forwards"), [(None, 1), (4, 1), (3, 2)])
def test_the_cost_is_three_passes_a_step_start_and_forward(starts: int | None, forwards: int) -> None:
    problem = problem_of("fir-natural", range(3))
    phase = Phase(problem.loss, DescentRule(0.01), forwards=forwards)
    train(problem, problem.start(starts=starts), phase, 7)
    assert problem.spent.tolist() == [3 * 7 * (starts or 1) * forwards] * 3


def test_a_pass_with_gradient_costs_three_and_without_one() -> None:
    problem = problem_of("fir-natural", range(2))
    start = problem.start(starts=4)
    problem.loss(start)
    problem.log_generic_ratio(start)
    assert problem.spent.tolist() == [8, 8]
    problem.loss({name: value.requires_grad_() for name, value in start.items()})
    assert problem.spent.tolist() == [8 + 12] * 2


def test_the_cost_is_charged_before_the_first_step() -> None:
    problem = problem_of("fir-natural", range(2))
    spent: list[float] = []

    def objective(parameters: Parameters, batch: Tensor | None) -> Tensor:
        spent.append(float(problem.spent[0]))
        return problem.loss(parameters)

    train(problem, problem.start(), Phase(objective, DescentRule(0.01)), 5)
    assert spent == [15.0] * 5


def test_a_budget_that_does_not_suffice_ends_training_before_it_begins() -> None:
    problem = problem_of("fir-natural", range(2), budget=14)
    called: list[int] = []

    def objective(parameters: Parameters, batch: Tensor | None) -> Tensor:
        called.append(1)
        return problem.loss(parameters)

    with pytest.raises(BudgetExceededError):
        train(problem, problem.start(), Phase(objective, DescentRule(0.01)), 5)
    assert not called


def test_phases_move_in_turn_and_are_charged_by_their_own_forwards() -> None:
    problem = problem_of("fir-natural", [0])
    moved: list[int] = []

    def phase(index: int, *steps: range) -> Phase:
        def objective(parameters: Parameters, batch: Tensor | None) -> Tensor:
            moved.append(index)
            return total(parameters)

        return Phase(objective, DescentRule(0.1), steps, forwards=index + 1)

    phases = [phase(0, range(0, 4, 3)), phase(1, range(1, 3), range(5, 6)), phase(2, range(4, 5))]
    train(problem, problem.start(), phases, 6)
    assert moved == [0, 1, 1, 0, 2, 1]
    assert problem.spent.tolist() == [3 * (1 + 2 + 2 + 1 + 3 + 2)]


@pytest.mark.parametrize(
    ("method", "cost"),
    [
        ("adam", 3 * 20),
        ("alternating", 3 * 20),
        ("independence-penalty", 6 * 16 + 3 * 4),
        ("independence-penalty:release=0", 6 * 20),
    ],
)
def test_methods_pay_for_their_steps_and_one_last_loss(method: str, cost: int) -> None:
    problem = problem_of("fir-natural", range(2))
    get_method(f"{method}{',' if ':' in method else ':'}steps=20").fit(problem)
    assert problem.spent.tolist() == [cost + 1] * 2


def test_alternating_fits_only_in_the_last_fifth(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    for name in ("loss", "log_generic_ratios"):
        original = getattr(Problem, name)

        def noted(*given: Any, name: str = name, original: Callable[..., Tensor] = original) -> Tensor:
            called.append(name)
            return original(*given)

        monkeypatch.setattr(Problem, name, noted)
    get_method("alternating:steps=20").fit(problem_of("fir-natural", [0], training="plain"))
    assert called == ["loss", "log_generic_ratios"] * 8 + ["loss"] * 4 + ["loss"]


@pytest.mark.parametrize("bad", [torch.inf, torch.nan, 1e200])
@pytest.mark.parametrize("rule", [DescentRule(0.3), AdamRule(0.02)], ids=["descent", "adam"])
def test_a_replicate_that_diverges_changes_no_bit_of_the_others(rule: StepRule, bad: float) -> None:
    problem = problem_of("fir-natural", range(5))
    start = problem.start()
    before = train(problem, start, Phase(Objective(), rule), 30)
    start["k1"][3] = bad
    after = train(problem, start, Phase(Objective(), rule), 30)
    others = [0, 1, 2, 4]
    for name, value in before.items():
        assert torch.equal(value[others], after[name][others])
    assert not bool(problem.loss(after)[3] < 1)


def test_training_leaves_its_start_as_it_was() -> None:
    problem = problem_of("fir-natural", range(2))
    start = problem.start()
    train(problem, start, Phase(Objective(), DescentRule(0.3)), 5)
    assert all(torch.equal(value, problem.start()[name]) for name, value in start.items())


def test_training_many_starts_is_training_each() -> None:
    problem = problem_of("fir-natural", range(2))
    start = problem.start(starts=3)
    together = train(problem, start, Phase(Objective(), AdamRule(0.02)), 20)
    for s in range(3):
        alone = train(problem, {n: v[:, s] for n, v in start.items()}, Phase(Objective(), AdamRule(0.02)), 20)
        assert all(torch.equal(value[:, s], alone[name]) for name, value in together.items())


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


def norm_difference(parameters: Parameters) -> Tensor:
    return parameters["k1"].square().sum(-1, keepdim=True) - parameters["k2"].square().sum(-1, keepdim=True)


def spectral_difference(parameters: Parameters) -> Tensor:
    P1, P2 = (torch.fft.rfft(value).abs().square() for value in parameters.values())
    return P1 - P2


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


def perturbed(size: float, starts: int) -> tuple[Problem, dict[str, Tensor]]:
    """A problem, and starts around its truth."""
    truth = truth_of("fir-natural", range(6))
    noise = kernels(0, (9, 5), 6, starts)
    problem = problem_of("fir-natural", range(6))
    return problem, {name: value[:, None] + size * noise[name] for name, value in truth.parameters.items()}


@pytest.mark.parametrize("size", [1e-9, 1e-6, 1e-3, 1e-2])
def test_polishing_reaches_rounding_from_near_the_truth(size: float) -> None:
    problem, start = perturbed(size, 3)
    polished, loss = levenberg_marquardt(problem, start)
    assert float(loss.max()) < 1e-20
    assert torch.allclose(problem.loss(polished), loss, rtol=1e-12)


def test_polishing_converges_within_a_few_steps() -> None:
    problem, start = perturbed(1e-3, 3)
    assert float(levenberg_marquardt(problem, start, steps=8)[1].max()) < 1e-20


def test_polishing_never_makes_a_loss_larger() -> None:
    problem = problem_of("fir-natural", range(6))
    start = problem.start(starts=4)
    assert bool((levenberg_marquardt(problem, start, steps=10)[1] < problem.loss(start)).all())


def test_polishing_goes_the_shortest_way_to_a_fit() -> None:
    problem, start = perturbed(1e-5, 3)
    polished, _ = levenberg_marquardt(problem, start)
    flat = [torch.cat(list(p.values()), -1) for p in (start, polished)]
    along_the_scale = torch.cat([polished["k1"], -polished["k2"]], -1)
    step = flat[1] - flat[0]
    cosines = (step * along_the_scale).sum(-1) / (step.norm(dim=-1) * along_the_scale.norm(dim=-1))
    assert float(cosines.abs().max()) < 1e-3


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_row_that_is_not_finite_stays_alone_in_polishing(bad: float) -> None:
    problem, start = perturbed(0.1, 3)
    before, loss_before = levenberg_marquardt(problem, start)
    start["k2"][2, 1, 0] = bad
    after, loss_after = levenberg_marquardt(problem, start)
    others = torch.ones(6, 3, dtype=torch.bool)
    others[2, 1] = False
    for name, value in before.items():
        assert torch.equal(value[others], after[name][others])
    assert torch.equal(loss_before[others], loss_after[others])
    assert not bool(loss_after[2, 1].isfinite())
    assert torch.equal(after["k1"][2, 1], start["k1"][2, 1])


def test_a_row_is_polished_the_same_alone_and_among_others() -> None:
    problem, start = perturbed(0.1, 3)
    together, _ = levenberg_marquardt(problem, start)
    alone, _ = levenberg_marquardt(
        problem_of("fir-natural", [4]), {name: value[4:5, 1] for name, value in start.items()}
    )
    assert all(torch.equal(value[4, 1], alone[name][0]) for name, value in together.items())


def test_polishing_costs_each_row_its_jacobian_and_a_loss_a_step() -> None:
    problem, start = perturbed(0.1, 3)
    levenberg_marquardt(problem, start, steps=1)
    assert problem.spent.tolist() == [3 + 3 * (14 + 1)] * 6


def test_polishing_stops_where_the_budget_ends() -> None:
    problem = problem_of("fir-natural", range(6), budget=100)
    levenberg_marquardt(problem, perturbed(0.1, 3)[1])
    assert problem.spent.tolist() == [3 + 2 * 3 * (14 + 1)] * 6


def test_a_mechanism_that_many_environments_share_is_polished_beyond_128_parameters() -> None:
    problem = problem_of("environments-4:environments=14", [0])
    start = {name: value + 0.05 * problem.randn(name, *value.shape[1:]) for name, value in problem.start(0.5).items()}
    _, loss = levenberg_marquardt(problem, start, 60)
    assert float(loss) < 1e-12
