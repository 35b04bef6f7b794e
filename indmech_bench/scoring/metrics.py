"""The metrics of docs/theory.md: each is one declaration; formulas are in `formulas`, resolved when scoring.

Adding a metric takes a declaration here and a function of its name there.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan
from typing import Literal

IDENTIFIED_ERROR = 0.01
IDENTIFIED_FIT = 1e-3
EXACT_GAP = 1e-3
RARE = 0.05
"""A p-value below this is called rare."""
NULL_BAND = "null.log_generic_ratio"
"""By this name the log rho between which p is no rarer are kept beside the oracle's rows."""

Need = Literal[
    "parameters", "known", "invariants", "group", "ratio", "null", "searched", "transfer", "matrices", "other", "use",
    "network", "encoder",
]  # fmt: skip
"""What a metric is absent without: the solution's parameters; a truth that has such parameters, too; invariants that
the model knows; interventions whose mean is the Haar mean; a generic ratio, from parameters or such interventions; a
null of it that is drawn without asking; interventions to search the best match in; a further environment that the task
draws; two matrices; kernels on which another family can act; a classifier that extrapolated samples teach; a decoder
that was trained on images of the world; an encoder beside it."""


@dataclass(frozen=True)
class Metric:
    """One metric: its name is also that of its formula.

    better: `lower`, `higher`, or empty for a description that is no aim; tables never rank by any but `score`. worst:
    what a failed replicate counts as; NaN leaves it out. needs: without any of these the metric has no key. instead: of
    an alternative of e, what it has instead; `leaderboard --sensitivity` asks whether the order of methods survives it.
    """

    name: str
    better: Literal["lower", "higher", ""]
    worst: float
    summary: str
    needs: tuple[Need, ...] = ()
    instead: str = ""


METRICS = (
    Metric("fit_error", "lower", inf, "divergence of the observed law, relative to silence: 0 is a perfect fit"),
    Metric("extrapolation_error", "lower", inf, "e: summed divergence over interventions; 0 oracle, 1 ignores them"),
    Metric("score", "higher", 0.0, "1 / (1 + e), 0 for a failed replicate; aggregates and ranks use it"),
    Metric("relative_skill", "higher", -inf, "1 - e / e(best-constant): above 0 reacts to interventions to some use"),
    Metric("shape_error", "lower", inf, "error of the intervened laws' shapes, free of scale, in [0, 1]"),
    Metric(
        "class_error", "lower", inf, "e when each intervention may be answered by the best-matching one", ("searched",)
    ),
    Metric("identified", "higher", 0.0, "1 if e < 0.01 and fit_error < 1e-3"),
    Metric(
        "equivalence_gap",
        "lower",
        inf,
        "largest relative difference of the invariants of extrapolation equivalence",
        ("parameters", "invariants"),
    ),
    Metric("exact", "higher", 0.0, "1 if equivalence_gap < 1e-3", ("parameters", "invariants")),
    Metric(
        "log_generic_ratio",
        "",
        nan,
        "log rho of the solution: 0 is generic; no aim where the truth is dependent",
        ("ratio",),
    ),
    Metric(
        "power_error",
        "lower",
        inf,
        "|log ratio of mean powers over the genericity group|; a tautology at rho = 1",
        ("group",),
    ),
    Metric(
        "ratio_pvalue",
        "",
        nan,
        "p-value of log rho under independently drawn mechanisms of the learner's shape",
        ("ratio", "null"),
    ),
    Metric(
        "rotation_pvalue",
        "",
        nan,
        "p-value of log rho under Haar rotations of the intervened matrix, spectra kept: linear mechanisms alone",
        ("parameters", "matrices"),
    ),
    Metric(
        "transfer_error",
        "lower",
        inf,
        "e in a new environment of which only its own mechanism is fitted",
        ("parameters", "transfer"),
    ),
    Metric(
        "accuracy_extrapolated",
        "higher",
        0.0,
        "accuracy, on truly intervened images, of a classifier that extrapolated samples teach",
        ("use",),
    ),
    Metric(
        "parameter_error",
        "lower",
        inf,
        "distance of unit-norm mechanisms over delays and signs: strong identifiability",
        ("known",),
    ),
    Metric(
        "output_error",
        "lower",
        inf,
        "e of a network's own pictures stretched pixel by pixel: what e owes to the fit",
        ("network",),
    ),
    Metric(
        "coarse_distance",
        "lower",
        inf,
        "distance of samples, hidden maps stretched, from the same samples' pixels stretched, in blocks; 1: no stretch",
        ("network",),
    ),
    Metric(
        "posterior_distance",
        "lower",
        inf,
        "e of an autoencoder by Fréchet distances between reconstructions, hidden maps stretched, and stretched images",
        ("network", "encoder"),
    ),
    Metric(
        "fine_change",
        "lower",
        inf,
        "how far a stretch of hidden maps moves the patches of samples, over how far that of pixels does",
        ("network",),
    ),
    Metric(
        "sample_distance",
        "lower",
        inf,
        "distance of the patches of samples from those of images that were not trained on, over their power",
        ("network",),
    ),
    Metric(
        "held_out_loss",
        "lower",
        inf,
        "fit loss of an autoencoder on images that were not trained on",
        ("network", "encoder"),
    ),
    Metric(
        "rms_log_ratio",
        "",
        nan,
        "root mean square over a decoder's hidden channels of log rho: what a penalty on them can lower",
        ("network",),
    ),
    Metric(
        "pairing_effect",
        "",
        nan,
        "log rho of a decoder's layers less that of re-paired channels, in standard deviations of these",
        ("network",),
    ),
    Metric("encoder_log_ratio", "", nan, "log rho of an encoder's layers", ("network", "encoder")),
    Metric(
        "encoder_pairing_effect",
        "",
        nan,
        "the pairing effect of an encoder's layers",
        ("network", "encoder"),
    ),
    Metric(
        "error_euclidean",
        "lower",
        inf,
        "e by squared differences of spectra or covariances in the place of the Bures-Wasserstein divergence",
        instead="another divergence",
    ),
    Metric(
        "error_equal_weights",
        "lower",
        inf,
        "e as the mean over interventions of their own ratios, in the place of the ratio of sums",
        instead="other weights",
    ),
    Metric(
        "error_over_power",
        "lower",
        inf,
        "e relative to the power of the intervened truths, in the place of how far interventions move them",
        instead="another normalisation",
    ),
    Metric(
        "error_other_interventions",
        "lower",
        inf,
        "e under stretches where the task modulates, under modulations where it stretches",
        ("parameters", "other"),
        instead="other interventions",
    ),
)

ALTERNATIVES = tuple(metric for metric in METRICS if metric.instead)
"""Other definitions of e."""
BY_NAME = {metric.name: metric for metric in METRICS}
