"""Checks of a task's laws: scores, rho, invariants, training (docs/theory.md)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from indmech_bench.conformance.findings import CheckFailedError
from indmech_bench.conformance.setups import SEEDS, Setup, listed
from indmech_bench.conformance.truths import UNKNOWN
from indmech_bench.harness.replicates import job_streams
from indmech_bench.problem.objective import Objective
from indmech_bench.problem.phase import AdamRule, Phase
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.solution import Solution
from indmech_bench.problem.training import train
from indmech_bench.scoring.references import constant, observed_law, of_parameters
from indmech_bench.scoring.scores import score


def oracle(setup: Setup) -> None:
    """The truth scores e = 0, ignoring interventions e = 1."""
    truth = setup.truth()
    metrics = score(truth, of_parameters(truth, truth.parameters))
    for name, value in {"extrapolation_error": 0.0, "fit_error": 0.0, "score": 1.0, "equivalence_gap": 0.0}.items():
        if name not in metrics and not truth.model.invariants(truth.parameters):
            continue
        if not float((metrics[name] - value).abs().max()) < 1e-9:
            raise CheckFailedError(
                f"{name} of the truth is {listed(metrics[name])}, not {value:g}", "see laws, divergence"
            )
    ignorant = score(truth, constant(observed_law(truth)))["extrapolation_error"]
    if not float((ignorant - 1).abs().max()) < 1e-9:
        raise CheckFailedError(f"e of ignoring interventions is {listed(ignorant)}, not 1", "see Family.identity, laws")


def rho(setup: Setup) -> str | None:
    """log rho of the model is log C(P) / mean_g C(P_g) over the family's group, and so is its generic power."""
    if not setup.live.mechanisms_known:
        return UNKNOWN
    truth = setup.truth()
    model, group, space = truth.model, truth.family.group, truth.model.geometry
    of_model = model.log_generic_ratio(truth.parameters)
    definition = (space.power(observed_law(truth)) / model.generic_power(truth.parameters)).log()
    if not torch.allclose(of_model, definition, atol=1e-10):
        raise CheckFailedError(
            f"log rho is {listed(of_model)}, C / generic power {listed(definition)}", "one of them is wrong"
        )
    if not group:
        return "the interventions list no group: only rho = C / generic power is checked"
    law = model.laws(truth.parameters)
    powers = torch.stack([space.power(law(g)) for g in group], -1)
    drawn = any(g != h for g, h in zip(group, setup.draw().family.group, strict=True))
    error = 5 * powers.std(-1) / len(group) ** 0.5 if drawn else torch.zeros(())
    expected = model.generic_power(truth.parameters)
    if not bool(((powers.mean(-1) - expected).abs() <= error + 1e-9 * expected).all()):
        raise CheckFailedError(
            f"E_g C(P_g) is {listed(expected)} by the model, {listed(powers.mean(-1))} by its laws",
            "rho = C(P) / E_g C(P_g): generic_power and laws must agree on the group",
        )
    return None


def invariants(setup: Setup) -> str | None:
    """The invariants tell the truth from parameters that predict something else."""
    truth = setup.truth()
    if not truth.model.invariants(truth.parameters):
        return "none are known: no equivalence_gap, no exact"
    draws = job_streams(setup.job(SEEDS), "reference", setup.live)
    near = {name: v + 0.05 * draws.randn(f"near {name}", *v.shape[1:]) for name, v in truth.parameters.items()}
    metrics = score(truth, Solution(truth.model.laws(near), near))
    blind = (metrics["extrapolation_error"] > 1e-6) & ~(metrics["equivalence_gap"] > 1e-5)
    if bool(blind.any()):
        gap, error = (listed(metrics[name]) for name in ("equivalence_gap", "extrapolation_error"))
        raise CheckFailedError(
            f"equivalence_gap is {gap} where e is {error}",
            "invariants must be complete: what differs under an intervention differs in them",
        )
    return None


def training(setup: Setup) -> None:
    """Training moves every parameter; a row is the same bits in any batch; a NaN start stays alone."""
    among, alone = setup.problem(), setup.problem((3,))
    start = among.start()
    clean, single = _five_steps(among, start), _five_steps(alone, alone.start())
    for name, value in start.items():
        value[1] = torch.nan
        if torch.equal(clean[name][3], among.start()[name][3]):
            raise CheckFailedError(f"five steps leave {name} where it was", "the loss must depend on every parameter")
        if not torch.equal(clean[name][3], single[name][0]):
            raise CheckFailedError(
                f"{name} of seed 3 trains to other bits alone than among 4",
                "no product over replicates in model or loss",
            )
    spoilt = _five_steps(among, start)
    for name, value in spoilt.items():
        if not torch.equal(value[[0, 2, 3]], clean[name][[0, 2, 3]]):
            raise CheckFailedError(f"a NaN in {name} of one replicate changes others", "keep replicates apart")


def _five_steps(problem: Problem, start: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return train(problem, start, Phase(Objective(independence=1.0), AdamRule(0.02)), 5, batch=8)
