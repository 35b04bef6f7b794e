"""The formulas of the metrics, each under the metric's name: an evaluation -> (R,) float64 (docs/theory.md)."""

from __future__ import annotations

import torch
from torch import Tensor

from indmech_bench.scm import genericity
from indmech_bench.scoring.evaluation import Evaluation
from indmech_bench.scoring.metrics import EXACT_GAP, IDENTIFIED_ERROR, IDENTIFIED_FIT

LEAST_MOVEMENT = 0.01
"""Interventions that move a truth by less than this, relative to its power, have no ratio of their own."""


def fit_error(x: Evaluation) -> Tensor:
    """D(P, P*) / D(silence, P*)."""
    return x.fit


def extrapolation_error(x: Evaluation) -> Tensor:
    """e = sum_g D(P_g, P*_g) / sum_g D(P*, P*_g)."""
    return x.error


def score(x: Evaluation) -> Tensor:
    """1 / (1 + e)."""
    return 1 / (1 + x.error)


def relative_skill(x: Evaluation) -> Tensor:
    """1 - e / e(best-constant)."""
    return 1 - x.error / x.constant_error


def shape_error(x: Evaluation) -> Tensor:
    """1 - sum_g F_g / sqrt(sum_g C_g sum_g C*_g), F_g = (C_g + C*_g - D_g) / 2."""
    space = x.truth.model.geometry
    power, true_power = space.power(x.laws), space.power(x.true_laws)
    overlap = (power + true_power - x.divergence) / 2
    return 1 - overlap.sum(-1) / (power.sum(-1) * true_power.sum(-1)).sqrt()


def identified(x: Evaluation) -> Tensor:
    """1 where e and the fit error are small; 0 where they are not finite."""
    return ((x.error < IDENTIFIED_ERROR) & (x.fit < IDENTIFIED_FIT)).double()


def class_error(x: Evaluation) -> Tensor:
    """sum_g min_g' D(P_g', P*_g) / sum_g D(P*, P*_g)."""
    candidates = torch.stack([*map(x.solution.law, x.truth.family.searched)], 1)
    return x.truth.model.geometry.pairs(x.true_laws, candidates).min(-1).values.sum(-1) / x.moved


def log_generic_ratio(x: Evaluation) -> Tensor:
    """log rho of the solution."""
    return x.genericity[0]


def ratio_pvalue(x: Evaluation) -> Tensor:
    """p of log rho under the prior's null."""
    return genericity.prior_null(x.truth.model).pvalue(x.genericity[0])


def rotation_pvalue(x: Evaluation) -> Tensor:
    """p of log rho under rotations of A."""
    return genericity.rotation_pvalue(x.parameters["A"], x.parameters["B"])


def power_error(x: Evaluation) -> Tensor:
    """|log E_g C(P_g) - log E_g C(P*_g)|."""
    true_power = x.truth.model.generic_power(x.truth.parameters)
    return (x.genericity[1].log() - true_power.log()).abs()


def equivalence_gap(x: Evaluation) -> Tensor:
    """Largest relative difference of the invariants."""
    return x.gap


def exact(x: Evaluation) -> Tensor:
    """1 where the gap is small; 0 where it is not finite."""
    return (x.gap < EXACT_GAP).double()


def parameter_error(x: Evaluation) -> Tensor:
    """Distance of the mechanisms themselves."""
    return x.truth.model.parameter_error(x.parameters, x.truth.parameters, x.truth.phase)


def transfer_error(x: Evaluation) -> Tensor:
    """e in the further environment."""
    assert x.elsewhere is not None
    return x.elsewhere.error


def accuracy_extrapolated(x: Evaluation) -> Tensor:
    """Accuracy of the classifier that the solution's samples teach."""
    assert x.accuracy is not None
    return x.accuracy


def error_euclidean(x: Evaluation) -> Tensor:
    """sum_g |P_g - P*_g|^2 / sum_g |P* - P*_g|^2."""
    axes = tuple(range(2, x.laws.dim()))
    wrong = (x.laws - x.true_laws).square().sum(axes).sum(-1)
    return wrong / (x.true_observed.unsqueeze(1) - x.true_laws).square().sum(axes).sum(-1)


def error_equal_weights(x: Evaluation) -> Tensor:
    """mean_g D(P_g, P*_g) / D(P*, P*_g), over the g that move the truth by a hundredth of its power or more."""
    space = x.truth.model.geometry
    counted = x.movement >= LEAST_MOVEMENT * space.power(x.true_observed).unsqueeze(-1)
    ratios = torch.where(counted, x.divergence / x.movement, 0.0)
    return ratios.sum(-1) / counted.sum(-1)


def error_over_power(x: Evaluation) -> Tensor:
    """sum_g D(P_g, P*_g) / sum_g C(P*_g)."""
    return x.divergence.sum(-1) / x.truth.model.geometry.power(x.true_laws).sum(-1)


def error_other_interventions(x: Evaluation) -> Tensor:
    """e under the other family."""
    other = x.under_others
    assert other is not None
    return other.error
