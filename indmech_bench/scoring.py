"""The metrics of a solution against its truth (THEORY 2), for all replicates at once, always in float64."""

from __future__ import annotations

import torch
from torch import Tensor

from indmech_bench.divergences import bures_wasserstein, bures_wasserstein_pairs
from indmech_bench.genericity import log_ratio_of_laws, prior_null
from indmech_bench.interventions import modulations
from indmech_bench.problem import Solution
from indmech_bench.references import best_constant_law
from indmech_bench.truth import Truth

IDENTIFIED_ERROR = 0.01
IDENTIFIED_FIT = 1e-3
EXACT_GAP = 1e-3


def score(truth: Truth, solution: Solution) -> dict[str, Tensor]:
    """Metric name -> (R,) float64; where a replicate's solution is not finite NaN, and 0 for `identified` and `exact`.

    A metric that needs parameters is absent (no key) for a solution without. Sums over interventions leave the
    identity out; means over the genericity group (Haar) are over all of Z_n.
    """
    group = modulations(truth.model.n)
    true_laws = torch.stack([*map(truth.model.laws(truth.parameters), group)], 1)
    laws = torch.stack([*map(solution.law, group)], 1)
    intervened, true_intervened = laws[:, 1:], true_laws[:, 1:]

    divergence = bures_wasserstein(intervened, true_intervened)
    moved = bures_wasserstein(true_laws[:, :1], true_intervened).sum(-1)
    fit = bures_wasserstein(laws[:, 0], true_laws[:, 0]) / true_laws[:, 0].mean(-1)
    error = divergence.sum(-1) / moved
    constant = bures_wasserstein(best_constant_law(truth).unsqueeze(1), true_intervened).sum(-1) / moved

    power, true_power = laws.mean(-1), true_laws.mean(-1)
    overlap = (power[:, 1:] + true_power[:, 1:] - divergence) / 2
    best_match = bures_wasserstein_pairs(true_intervened, laws).min(-1).values.sum(-1) / moved
    log_ratio = log_ratio_of_laws(power)
    metrics = {
        "fit_error": fit,
        "extrapolation_error": error,
        "score": 1 / (1 + error),
        "relative_skill": 1 - error / constant,
        "shape_error": 1 - overlap.sum(-1) / (power[:, 1:].sum(-1) * true_power[:, 1:].sum(-1)).sqrt(),
        "class_error": best_match,
        "identified": ((error < IDENTIFIED_ERROR) & (fit < IDENTIFIED_FIT)).double(),
        "log_generic_ratio": log_ratio,
        "power_error": (power.mean(-1).log() - true_power.mean(-1).log()).abs(),
        "ratio_pvalue": prior_null(truth.model).pvalue(log_ratio),
    }
    if solution.parameters is not None:
        gap = equivalence_gap(truth, solution.parameters)
        metrics["equivalence_gap"] = gap
        metrics["exact"] = (gap < EXACT_GAP).double()
        metrics["parameter_error"] = parameter_error(truth, solution.parameters)
    return metrics


def equivalence_gap(truth: Truth, parameters: dict[str, Tensor]) -> Tensor:
    """max over the blocks of phi of their relative difference (absolute for the log power): (R,)."""
    made, true = truth.model.invariants(parameters), truth.model.invariants(truth.parameters)
    gaps = []
    for block, value in true.items():
        difference = (made[block] - value).norm(dim=-1)
        gaps.append(difference if block == "log_power" else difference / value.norm(dim=-1))
    return torch.stack(gaps).amax(0)


def parameter_error(truth: Truth, parameters: dict[str, Tensor]) -> Tensor:
    """sqrt(mean_k |k_hat_k - k_k|^2) of two unit-norm kernels, least over opposite circular delays and signs: (R,).

    The composite is observed with its phase, so that a delay of one kernel must be undone by the other.
    """
    n = truth.model.n
    kernels, true = (
        [torch.nn.functional.pad(p[k], (0, n - p[k].shape[-1])) for k in truth.model.names]
        for p in (parameters, truth.parameters)
    )
    kernels, true = ([k / k.norm(dim=-1, keepdim=True) for k in side] for side in (kernels, true))
    # aligned[k][:, d]: correlation of the true kernel with the learnt one delayed by d (first) or -d (second)
    spectra = [torch.fft.rfft(k).conj() * torch.fft.rfft(t) for k, t in zip(kernels, true, strict=True)]
    first, second = torch.fft.irfft(spectra[0], n=n), torch.fft.irfft(spectra[1].conj(), n=n)
    delay = (first.abs() + second.abs()).nan_to_num(-1).argmax(-1, keepdim=True)
    squares = []
    for kernel, target, correlation, sign in zip(kernels, true, (first, second), (1, -1), strict=True):
        source = (torch.arange(n) - sign * delay) % n
        aligned = kernel.gather(-1, source) * torch.where(correlation.gather(-1, delay) < 0, -1.0, 1.0)
        squares.append((aligned - target).square().sum(-1))
    return (torch.stack(squares).mean(0)).sqrt()
