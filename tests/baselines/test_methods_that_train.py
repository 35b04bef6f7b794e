"""What starts, penalties, constraints and stopping do to a training."""

from __future__ import annotations

import torch
from draws import problem_of, truth_of
from fits import SEEDS, errors, fitted
from indmech_baselines.balanced_init import balanced

from indmech_bench.registry.registration import get_method


def test_balanced_starts_conserve_nothing_but_zero() -> None:
    full = balanced(problem_of("full-cascade-small", SEEDS).start())
    assert torch.allclose(torch.fft.rfft(full["k1"]).abs(), torch.fft.rfft(full["k2"]).abs())
    assert not torch.allclose(full["k1"], full["k2"])
    matrices = balanced(problem_of("linear-gaussian-natural", SEEDS).start())
    A, B = matrices["A"], matrices["B"]
    assert torch.allclose(A @ A.mT, B.mT @ B)
    fir = balanced(problem_of("fir-natural", SEEDS).start())
    assert torch.allclose(fir["k1"].norm(dim=-1), fir["k2"].norm(dim=-1))


def test_a_balanced_start_ends_balanced() -> None:
    solution = fitted("balanced-init", "full-cascade-large", SEEDS)
    assert solution.parameters is not None
    ratio = truth_of("full-cascade-large", SEEDS).model.log_generic_ratio(solution.parameters)
    balance = fitted("gradient-descent", "full-cascade-large", SEEDS).parameters
    assert balance is not None
    assert bool((ratio > truth_of("full-cascade-large", SEEDS).model.log_generic_ratio(balance)).all())


def test_a_target_of_one_is_the_independence_penalty() -> None:
    one = fitted("target-ratio:ratio=1,steps=50", "fir-natural")
    other = fitted("independence-penalty:steps=50", "fir-natural")
    assert one.parameters is not None
    assert other.parameters is not None
    assert all(torch.allclose(one.parameters[name], other.parameters[name]) for name in one.parameters)


def test_the_augmented_lagrangian_meets_its_constraint_and_a_weak_penalty_does_not() -> None:
    seeds = tuple(range(10_000, 10_008))
    held = errors("constrained:steps=1500,strength=0.01,release=0", "fir-natural", seeds)["log_generic_ratio"].abs()
    penalised = errors("independence-penalty:steps=1500,strength=0.01,release=0", "fir-natural", seeds)[
        "log_generic_ratio"
    ].abs()
    assert float(held.median()) < 0.5 * float(penalised.median())


def test_a_faded_penalty_ends_nearer_to_the_data_than_one_that_stays() -> None:
    seeds = tuple(range(10_000, 10_008))
    faded = errors("independence-annealed:steps=1000,strength=0.3,release=0", "fir-natural", seeds)["fit_error"]
    stays = errors("independence-penalty:steps=1000,strength=0.3,release=0", "fir-natural", seeds)["fit_error"]
    assert float(faded.median()) < float(stays.median())


def test_early_stopping_keeps_what_fits_the_samples_held_out_best() -> None:
    problem = problem_of("fir-samples", SEEDS)
    model, unseen = truth_of("fir-samples", SEEDS).model, torch.arange(256)[204:].expand(len(SEEDS), -1)
    losses = []
    for every in (10, 100):  # looks at steps 0, 100 and 190 are among those of the first
        solution = get_method(f"early-stop:steps=200,every={every}").fit(problem_of("fir-samples", SEEDS))
        assert solution.parameters is not None
        losses.append(problem.loss(model.rescale(solution.parameters, 1 / problem._scale), unseen))
    assert bool((losses[0] <= losses[1]).all())
    assert bool((losses[0] < problem.loss(problem.start(), unseen)).all())
