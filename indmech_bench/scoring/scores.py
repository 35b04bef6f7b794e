"""The metrics of a solution against its truth (THEORY 2), for all replicates at once, always in float64."""

from __future__ import annotations

import torch
from torch import Tensor

from indmech_bench.problem.solution import Solution
from indmech_bench.scm.genericity import log_ratio_of_laws, prior_null
from indmech_bench.scoring.metrics import EXACT_GAP, IDENTIFIED_ERROR, IDENTIFIED_FIT
from indmech_bench.scoring.references import best_constant_law
from indmech_bench.tasks.truth import Truth


def score(truth: Truth, solution: Solution) -> dict[str, Tensor]:
    """Metric name -> (R,) float64; where a replicate's solution is not finite NaN, and 0 for `identified` and `exact`.

    A metric that needs parameters is absent (no key) for a solution without, and one that the task's interventions
    do not define is absent for all.
    """
    space, family = truth.model.geometry, truth.family
    true_law = truth.model.laws(truth.parameters)
    observed, true_observed = solution.law(family.identity), true_law(family.identity)
    laws = torch.stack([*map(solution.law, family.scored)], 1)
    true_laws = torch.stack([*map(true_law, family.scored)], 1)

    divergence = space.divergence(laws, true_laws)
    moved = space.divergence(true_observed.unsqueeze(1), true_laws).sum(-1)
    fit = space.divergence(observed, true_observed) / space.power(true_observed)
    error = divergence.sum(-1) / moved
    constant = space.divergence(best_constant_law(truth).unsqueeze(1), true_laws).sum(-1) / moved
    power, true_power = space.power(laws), space.power(true_laws)
    overlap = (power + true_power - divergence) / 2
    metrics = {
        "fit_error": fit,
        "extrapolation_error": error,
        "score": 1 / (1 + error),
        "relative_skill": 1 - error / constant,
        "shape_error": 1 - overlap.sum(-1) / (power.sum(-1) * true_power.sum(-1)).sqrt(),
        "identified": ((error < IDENTIFIED_ERROR) & (fit < IDENTIFIED_FIT)).double(),
    }
    if family.searched:
        candidates = torch.stack([*map(solution.law, family.searched)], 1)
        metrics["class_error"] = space.pairs(true_laws, candidates).min(-1).values.sum(-1) / moved
    metrics |= _genericity(truth, solution)
    if solution.parameters is not None:
        if truth.model.invariants(truth.parameters):
            gap = equivalence_gap(truth, solution.parameters)
            metrics["equivalence_gap"] = gap
            metrics["exact"] = (gap < EXACT_GAP).double()
        metrics["parameter_error"] = truth.model.parameter_error(solution.parameters, truth.parameters, truth.phase)
    return metrics


def _genericity(truth: Truth, solution: Solution) -> dict[str, Tensor]:
    """log rho and what follows from it, by the closed form or, without parameters, from laws under the group."""
    group, space = truth.family.group, truth.model.geometry
    if solution.parameters is not None:
        log_ratio = truth.model.log_generic_ratio(solution.parameters)
        generic_power = truth.model.generic_power(solution.parameters)
    elif group:
        powers = torch.stack([space.power(solution.law(g)) for g in group], 1)
        observed = space.power(solution.law(truth.family.identity))
        log_ratio, generic_power = log_ratio_of_laws(observed, powers), powers.mean(-1)
    else:
        return {}
    metrics = {"log_generic_ratio": log_ratio, "ratio_pvalue": prior_null(truth.model).pvalue(log_ratio)}
    if group:  # otherwise the power under the group is no question that the interventions ask
        true_power = truth.model.generic_power(truth.parameters)
        metrics["power_error"] = (generic_power.log() - true_power.log()).abs()
    return metrics


def equivalence_gap(truth: Truth, parameters: dict[str, Tensor]) -> Tensor:
    """max over the blocks of phi of their relative difference (absolute for the log power): (R,).

    Least over the model's discrete symmetries.
    """
    true = truth.model.invariants(truth.parameters)
    gaps = []
    for same in truth.model.symmetries(parameters):
        made = truth.model.invariants(same)
        blocks = []
        for block, value in true.items():
            difference = (made[block] - value).norm(dim=-1)
            blocks.append(difference if block == "log_power" else difference / value.norm(dim=-1))
        gaps.append(torch.stack(blocks).amax(0))
    return torch.stack(gaps).amin(0)
