"""The formulas of the metrics, each under the metric's name: an evaluation -> (R,) float64 (docs/theory.md)."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from indmech_bench.scm import genericity
from indmech_bench.scm.generators.measures import fine_distances
from indmech_bench.scm.generators.model import IMAGES, common_codes, row_of, stretched_each
from indmech_bench.scm.generators.moments import GaussianImages, moments_of
from indmech_bench.scm.generators.variational import evidence_loss, noise_of
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
    candidates = torch.stack([*map(x.law, x.truth.family.searched)], 1)
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


def output_error(x: Evaluation) -> Tensor:
    """e with pixels stretched in the place of hidden maps."""
    return x.error_of(x.network.output_laws(x.decoding))


def coarse_distance(x: Evaluation) -> Tensor:
    """sum_g |B(stretched maps) - B(stretched pixels)|^2 / sum_g |B(samples) - B(stretched pixels)|^2, B in blocks."""
    blocks = partial(x.network.blocks, block=x.network.block)
    still, wrong, moved = blocks(x.samples), [], []
    for g in x.truth.family.scored:
        pixels = blocks(stretched_each(x.samples, g))
        wrong.append((blocks(x.network.samples(x.parameters, g)) - pixels).square().sum((1, 2, 3)))
        moved.append((still - pixels).square().sum((1, 2, 3)))
    return torch.stack(wrong).sum(0) / torch.stack(moved).sum(0)


def posterior_distance(x: Evaluation) -> Tensor:
    """e of the same pictures by their moments: Fréchet distances."""
    tables, space = torch.stack([*map(moments_of, (x.laws, x.true_laws))]), GaussianImages()
    return space.divergence(*tables).sum(-1) / space.divergence(
        moments_of(x.true_observed.unsqueeze(1)), tables[1]
    ).sum(-1)


def fine_change(x: Evaluation) -> Tensor:
    """mean_g F(stretched maps, samples) / mean_g F(stretched pixels, samples), F the distance of patches."""
    hidden = [x.network.samples(x.parameters, g) for g in x.truth.family.scored]
    pixels = [stretched_each(x.samples, g) for g in x.truth.family.scored]
    moved, as_pixels = (
        torch.stack([fine_distances(each, x.samples) for each in way]).mean(0) for way in (hidden, pixels)
    )
    return moved / as_pixels


def sample_distance(x: Evaluation) -> Tensor:
    """F(samples, held-out images)."""
    return fine_distances(x.samples, x.truth.parameters[IMAGES])


def held_out_loss(x: Evaluation) -> Tensor:
    """The loss of the evidence lower bound on the held-out images, with codes' own random numbers."""
    images = x.truth.parameters[IMAGES]
    normals = common_codes(images.shape[1], x.network.architecture.codes)[0]
    architecture = x.network.architecture
    rows = ((row_of(x.parameters, r), own, normals, noise_of(own)) for r, own in enumerate(images))
    return torch.stack([evidence_loss(architecture, row, own, *of_codes) for row, own, *of_codes in rows])


def rms_log_ratio(x: Evaluation) -> Tensor:
    """Of the decoder."""
    return x.network.log_generic_ratios(x.parameters).square().mean(-1).sqrt()


def pairing_effect(x: Evaluation) -> Tensor:
    """Of the decoder."""
    return x.network.pairing_effect(x.parameters)


def encoder_log_ratio(x: Evaluation) -> Tensor:
    """log rho of the encoder's layers."""
    return x.network.encoder_log_ratio(x.parameters)


def encoder_pairing_effect(x: Evaluation) -> Tensor:
    """Of the encoder."""
    return x.network.pairing_effect(x.parameters, "encoder")


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
