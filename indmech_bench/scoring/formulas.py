"""The formulas of the metrics, each under the metric's name: an evaluation -> (R,) float64 (THEORY 2)."""

from __future__ import annotations

import torch
from torch import Tensor

from indmech_bench.scm.genericity import prior_null
from indmech_bench.scoring.evaluation import Evaluation
from indmech_bench.scoring.metrics import EXACT_GAP, IDENTIFIED_ERROR, IDENTIFIED_FIT


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
    return prior_null(x.truth.model).pvalue(x.genericity[0])


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
