"""Noise on what a step fits: whose it is, how large, and where it takes training (THEORY 3.1, drift)."""

from __future__ import annotations

import math

import pytest
import torch
from conftest import make_job, outcomes
from draws import problem_of, truth_of
from scipy import stats
from torch import Tensor

from indmech_bench import AdamRule, DescentRule, Objective, Phase, UnsupportedError, flatten, train
from indmech_bench.harness.job import execute
from indmech_bench.problem.faces.drawn import INDEX_BLOCK
from indmech_bench.problem.problem import Problem
from indmech_bench.scm.parameters import Parameters

PHASE = Phase(Objective(), DescentRule(0.01))
EQUAL = "drift:floor=0.1,equal_norms=true"


class Listening(Problem):
    """Keeps the factors that steps are shown."""

    heard: list[Tensor]

    def loss(self, parameters: Parameters, batch: Tensor | None = None, factors: Tensor | None = None) -> Tensor:
        assert factors is not None
        self.heard.append(factors)
        return super().loss(parameters, batch, factors)


def heard(task: str, seeds: list[int], steps: int, strength: float) -> Tensor:
    """The factors of every step, (steps, R, n // 2 + 1)."""
    problem = problem_of(task, seeds, training="plain")
    problem.__class__, problem.heard = Listening, []
    train(problem, problem.start(), PHASE, steps, label_noise=strength)
    return torch.stack(problem.heard)


def test_factors_have_mean_one_and_the_deviation_that_was_asked_for() -> None:
    logs = heard("fir-samples", [0, 1, 2, 3], 70, 0.3).log()
    count = logs.numel()
    assert abs(float(logs.mean()) + 0.3**2 / 2) < 4 * 0.3 / count**0.5
    assert abs(float(logs.std()) - 0.3) < 4 * 0.3 / (2 * count) ** 0.5


def test_factors_differ_between_steps_and_depend_on_the_replicate_alone() -> None:
    among, alone = heard("fir-samples", [5, 3], INDEX_BLOCK + 6, 0.3), heard("fir-samples", [3], INDEX_BLOCK + 3, 0.3)
    assert torch.equal(alone[:, 0], among[: INDEX_BLOCK + 3, 1])
    assert len(torch.unique(among)) == among.numel()


@pytest.mark.parametrize("seeds", [[7], [*range(5), 7]])
def test_a_row_has_the_same_bits_in_any_batch(seeds: list[int]) -> None:
    def ended(seeds: list[int]) -> Tensor:
        problem = problem_of("fir-samples", seeds)
        trained = train(problem, problem.start(), PHASE, 100, batch=8, label_noise=0.2)
        return flatten(trained, problem.shapes)[seeds.index(7)]

    assert torch.equal(ended(seeds), ended([6, 7, 8]))


def test_label_noise_needs_periodograms_and_data() -> None:
    for task in ("fir-natural", "linear-gaussian-samples"):
        problem = problem_of(task, [0])
        with pytest.raises(UnsupportedError, match="label noise is for periodograms of samples"):
            train(problem, problem.start(), PHASE, 2, label_noise=0.1)
    problem = problem_of("fir-samples", [0])
    mine = Phase(lambda parameters, batch: problem.loss(parameters, batch), AdamRule(0.01))
    with pytest.raises(ValueError, match="objectives that are data"):
        train(problem, problem.start(), mine, 2, label_noise=0.1)


def test_a_method_with_label_noise_is_skipped_where_there_are_no_samples() -> None:
    reply = execute(make_job("sgd:label_noise=0.1,steps=2", [0], "fir-natural"))
    assert reply["failure"] == "skipped"
    assert "label noise" in reply["reason"]


@pytest.mark.parametrize("noise", [{"batch": 8}, {"label_noise": 0.25}], ids=["minibatches", "label-noise"])
def test_noise_leads_from_the_truth_to_balance_at_a_fit(noise: dict[str, float]) -> None:
    """Of kernels with equal norms log rho rises in every replicate; without noise it stays."""
    said = ",".join(f"{name}={value}" for name, value in ({"batch": "none"} | noise).items())
    quiet = "sgd:learning_rate=0.03,momentum=0,clip=none,cosine=false,steps=4000"
    moved, still = (outcomes(f"{quiet},{each}", [*range(6)], EQUAL) for each in (said, "batch=none"))
    for seed, row in moved.items():
        before = row["truth"]["log_generic_ratio"]
        largest = row["truth"]["largest_log_generic_ratio"]
        assert row["metrics"]["log_generic_ratio"] - before > 0.3 * (largest - before)
        assert row["metrics"]["fit_error"] < 0.01
        assert abs(still[seed]["metrics"]["log_generic_ratio"] - before) < 0.1 * (largest - before)


def test_the_imbalance_of_kernels_shrinks_at_each_frequency_as_theory_says() -> None:
    """|K_1|^2 - |K_2|^2 loses 4 step^2 var S / (S + floor)^2 of itself a step; without noise training conserves it.

    Noise xi on I / S moves d loss / d S by -xi / (S + floor), so that a step moves K_1 along K_2 and K_2 along K_1,
    each by a g with |g|^2 = 4 step^2 S xi^2 / (S + floor)^2, and the difference of squares by -|g|^2 times itself.
    """
    rate, strength, steps = 0.01, 0.25, 2000
    problem = problem_of(EQUAL, range(4))
    phase = Phase(Objective(), DescentRule(rate))
    noisy, still = (
        train(problem, problem.start(), phase, steps, cosine=False, label_noise=noise) for noise in (strength, 0.0)
    )
    (P1, P2), (Q1, Q2) = ([torch.fft.rfft(value).abs().square() for value in end.values()] for end in (noisy, still))
    S, floor = Q1 * Q2, 0.1 / 1.1
    expected = 4 * rate**2 * math.expm1(strength**2) * steps * S / (S + floor) ** 2
    lost = -((P1 - P2) / (Q1 - Q2)).abs().log()
    for r in range(4):
        assert stats.spearmanr(lost[r], expected[r]).statistic > 0.9
        assert math.isclose(float(lost[r].sum() / expected[r].sum()), 1.0, rel_tol=0.2)


def test_equal_norms_change_no_law() -> None:
    for seed in range(3):
        truth = truth_of(EQUAL, [seed])
        norms = [value.norm() for value in truth.parameters.values()]
        assert torch.allclose(norms[0], norms[1], rtol=1e-12)
        assert math.isclose(float(truth.model.mean(truth.model.half_spectrum(truth.parameters))), 1.0, rel_tol=1e-12)
