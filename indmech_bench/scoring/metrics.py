"""The metrics of THEORY 2: names, what they mean, which way is better. Computed in `scoring`."""

from __future__ import annotations

from dataclasses import dataclass

IDENTIFIED_ERROR = 0.01
IDENTIFIED_FIT = 1e-3
EXACT_GAP = 1e-3


@dataclass(frozen=True)
class Metric:
    """`better` is `lower`, `higher` or empty for a description that is no aim; tables never rank by any but `score`."""

    name: str
    better: str
    summary: str


METRICS = (
    Metric("fit_error", "lower", "divergence of the observed law, relative to silence: 0 is a perfect fit"),
    Metric("extrapolation_error", "lower", "e: summed divergence over interventions; 0 oracle, 1 ignores them"),
    Metric("score", "higher", "1 / (1 + e), 0 for a failed replicate; aggregates and ranks use it"),
    Metric("relative_skill", "higher", "1 - e / e(best-constant): above 0 reacts to interventions to some use"),
    Metric("shape_error", "lower", "error of the intervened laws' shapes, free of scale, in [0, 1]"),
    Metric("class_error", "lower", "e when each intervention may be answered by the best-matching one"),
    Metric("identified", "higher", "1 if e < 0.01 and fit_error < 1e-3"),
    Metric("equivalence_gap", "lower", "largest relative difference of the invariants of extrapolation equivalence"),
    Metric("exact", "higher", "1 if equivalence_gap < 1e-3"),
    Metric("log_generic_ratio", "", "log rho of the solution: 0 is generic; no aim where the truth is dependent"),
    Metric("power_error", "lower", "|log ratio of mean powers over the genericity group|; a tautology at rho = 1"),
    Metric("ratio_pvalue", "", "p-value of log rho under independently drawn mechanisms of the learner's shape"),
    Metric("transfer_error", "lower", "e in a new environment of which only its own mechanism is fitted"),
    Metric(
        "parameter_error", "lower", "distance of unit-norm mechanisms over delays and signs: strong identifiability"
    ),
)

BY_NAME = {metric.name: metric for metric in METRICS}
