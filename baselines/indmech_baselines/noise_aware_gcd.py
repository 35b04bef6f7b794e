"""The shared kernel of several environments as their common divisor, with the noise in mind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import torch
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from indmech_baselines.approximate_gcd import common_divisor
from indmech_baselines.factoring import as_parameters
from indmech_bench import (
    Array,
    Problem,
    SharedConvolution,
    Solution,
    UnsupportedError,
    register_method,
    sylvester,
)

EXACT = 1e-28
"""Variance of a tap that is rounding, composites of power 1: there is no noise, and nothing to look for."""
GAINS = 1e-8
"""A step that gains less of the objective is the last."""
DAMPING = (1e-3, 1e-14, 1e8)
"""Initial, smallest and largest damping, relative to the mean diagonal."""


@register_method("noise-aware-gcd")
@dataclass(frozen=True)
class NoiseAwareGcd:
    """Environments c_e = k_1^(e) * k_2 + noise: the most probable kernels, from starts that weigh the noise.

    With S the Sylvester matrix of the composites and G that of the own kernels, S k_1 = G c is 0 without noise. Noise
    gives G c the covariance G G', so the likelihood of k_1, k_2 eliminated, is k_1' S' (G G')^+ S k_1: iterated
    quadratic maximum likelihood, each time with the weights of the k_1 before, the smallest singular vector. It begins
    at the closed form of `approximate-gcd` and at random own kernels. Each end is taken to the maximum of the posterior
    under iid Gaussian taps, by Levenberg-Marquardt steps with k_1 eliminated, and of the ends the one with the largest
    evidence (Laplace) is the solution: many fit as well as the noise lets one see. The variance of the noise is what
    is seen at taps that no composite reaches. Without noise the closed form is the only start. Costs a Jacobian
    a round and a step.

    starts: the closed form, and random own kernels.
    rounds: at most so many quadratic problems a start.
    steps: at most so many Levenberg-Marquardt steps a start.
    Skips all but the composite kernels of two or more environments of convolutions that share a kernel, on more samples
    than the composites have taps.
    Source: Bresler and Macovski (IEEE ASSP 1986); Hua (IEEE SP 1996), maximum likelihood for several channels;
        Golub and Pereyra (1973), variable projection; MacKay (1992), evidence.
    """

    approach: ClassVar[str] = "closed form"
    ranges: ClassVar[dict[str, str]] = {"starts": "[1, inf)", "rounds": "[0, inf)", "steps": "[1, inf)"}

    starts: int = 8
    rounds: int = 6
    steps: int = 60

    def fit(self, problem: Problem) -> Solution:
        model = problem.model
        if not isinstance(model, SharedConvolution) or model.environments < 2 or problem.kind != "impulse":
            raise UnsupportedError("there are no composite kernels of two environments to have a divisor in common")
        private, shared = model.lengths
        reached = private + shared - 1
        if reached == model.n:
            raise UnsupportedError("composites as long as the signal leave no tap that shows the noise alone")
        shown = problem.observations.double().numpy()
        noise = np.square(shown[..., reached:]).mean((-2, -1))
        random = problem.randn("own kernels", self.starts, model.environments, private).double().numpy()
        searches = [
            self._search(row[:, :reached], variance, own, shared) if np.isfinite(row).all() else iter(())
            for row, variance, own in zip(shown, noise, random, strict=True)
        ]
        best: list[_End | None] = [None] * problem.replicates
        counts = np.zeros(problem.replicates)
        size = model.environments * private + shared
        for _ in range(self.starts):
            affordable = problem.remaining >= size * (self.rounds + self.steps + 1)
            units = torch.zeros(problem.replicates, dtype=torch.float64)
            for r, search in enumerate(searches):
                end = next(search, None) if affordable[r] else None
                if end is not None:
                    units[r] = size * end.solved
                    counts[r] += 1
                    if best[r] is None or end.value < best[r].value:  # type: ignore[union-attr]
                        best[r] = end
            problem.spend(units)
        nothing = [*np.full((model.environments, private), np.nan), np.full(shared, np.nan)]
        rows = [nothing if end is None else [*end.own, end.shared] for end in best]
        found = as_parameters(problem, rows)
        with torch.no_grad():
            loss = problem.loss(found)
        return problem.solution(found, loss=loss, noise=torch.from_numpy(noise), starts=torch.from_numpy(counts))

    def _search(self, composites: Array, noise: float, random: Array, shared: int) -> Iterator[_End]:
        """The ends of one replicate's starts, one after the other."""
        private = random.shape[-1]
        closed = common_divisor([*composites], private, shared)
        own = np.stack(closed[:-1])
        if noise < EXACT:
            yield _ended(composites, EXACT, own, shared, self.steps, 1)
            return
        S = _ring(composites, private)
        for weights in (own, *random[1:]):
            taken = weights
            for _ in range(self.rounds):
                taken = _weighted(S, taken, shared)
            yield _ended(composites, noise, taken, shared, self.steps, self.rounds)


@dataclass(frozen=True)
class _End:
    """Where a start ends: -2 log evidence up to a constant, own kernels (E, L1), k2 (L2,), linear problems solved."""

    value: float
    own: Array
    shared: Array
    solved: int


def _convolutions(kernels: Array, columns: int) -> Array:
    """Matrices of the convolution with each kernel, (..., L) -> (..., L + columns - 1, columns)."""
    padded = np.concatenate([kernels, np.zeros((*kernels.shape[:-1], 1))], -1)
    return padded[..., _places(kernels.shape[-1], columns)]


@lru_cache(maxsize=32)
def _places(length: int, columns: int) -> Array:
    """Which tap of a kernel stands where in its matrix; `length` where none does."""
    lags = np.arange(length + columns - 1)[:, None] - np.arange(columns)
    return np.where((lags >= 0) & (lags < length), lags, length)


def _outputs(own: Array, shared: Array) -> Array:
    """The composites (E, L)."""
    return np.asarray(own @ _convolutions(shared, own.shape[-1]).T)


def _ring(vectors: Array, columns: int) -> Array:
    """The Sylvester matrix of each two neighbours, the last one's being the first: of two, of the pair."""
    count = len(vectors)
    if count == 2:
        return sylvester([*vectors], columns)
    blocks = []
    for e in range(count):
        near = [e, (e + 1) % count]
        block = np.zeros((vectors.shape[-1] + columns - 1, count, columns))
        block[:, near] = sylvester([*vectors[near]], columns).reshape(-1, 2, columns)
        blocks.append(block.reshape(len(block), -1))
    return np.concatenate(blocks)


def _weighted(S: Array, own: Array, shared: int) -> Array:
    """The own kernels that minimise k' S' (G G')^+ S k, G of those given; these themselves where that cannot be solved.

    (G G')^+ = G M^-2 G' with M = G'G + T T', T an orthonormal basis of the null space of G: the composites that the
    own kernels can make.
    """
    length = own.shape[-1] + shared - 1
    G = _ring(own, length)
    basis = np.linalg.qr(_convolutions(own, shared).reshape(-1, shared))[0]
    try:
        factor = cho_factor(G.T @ G + np.square(G).sum() / len(G) * basis @ basis.T)
        null = np.linalg.svd(cho_solve(factor, G.T @ S), full_matrices=False)[2][-1]
    except (LinAlgError, ValueError):
        return own
    return np.asarray(null.reshape(own.shape))


def _ended(composites: Array, noise: float, own: Array, shared: int, steps: int, solved: int) -> _End:
    """Levenberg-Marquardt on |residuals|^2 + ridge (|k1|^2 + |k2|^2), which ends at the most probable kernels.

    Kernels of power 1 / sqrt(L1 L2) a tap make composites of power 1: the prior, and ridge = noise sqrt(L1 L2).
    """
    private = own.shape[-1]
    by_own = _convolutions(own, shared)
    k2 = np.linalg.lstsq(by_own.reshape(-1, shared), composites.ravel(), rcond=None)[0]
    gauge = np.sqrt((np.linalg.norm(k2) / shared**0.5) / (np.linalg.norm(own) / own.size**0.5))
    k1, k2 = own * gauge, k2 / gauge
    ridge, damping = noise * (private * shared) ** 0.5, DAMPING[0]

    def objective(k1: Array, k2: Array) -> float:
        fitted = np.square(_outputs(k1, k2) - composites).sum()
        return float(fitted + ridge * (np.square(k1).sum() + np.square(k2).sum()))

    value = objective(k1, k2)
    for _ in range(steps):
        moved = _step(composites, k1, k2, ridge, damping)
        solved += 1
        new = np.inf if moved is None else objective(*moved[:2])
        if moved is not None and new < value:
            gain, value = 1 - new / value, new
            k1, k2, damping = *moved[:2], max(damping / 10, DAMPING[1])
            if gain < GAINS:
                break
        elif (damping := damping * 10) > DAMPING[2]:
            break
    settled = _step(composites, k1, k2, ridge, 0.0)
    volume = settled[2] if settled is not None else np.inf
    return _End(value / noise + volume, k1, k2, solved + 1)


def _step(composites: Array, k1: Array, k2: Array, ridge: float, damping: float) -> tuple[Array, Array, float] | None:
    """Kernels after a damped Gauss-Newton step, and log det (J'J + ridge); None where that is singular."""
    by_k1, by_k2 = _convolutions(k1, len(k2)), _convolutions(k2, k1.shape[-1])
    residuals = _outputs(k1, k2) - composites
    A, B = by_k2.T @ by_k2, by_k2.T @ by_k1
    stacked = by_k1.reshape(-1, len(k2))
    D = stacked.T @ stacked
    added = ridge + damping * (len(k1) * np.trace(A) + np.trace(D)) / (k1.size + k2.size)
    gradient1 = residuals @ by_k2 + ridge * k1
    gradient2 = stacked.T @ residuals.ravel() + ridge * k2
    try:
        factor = cho_factor(A + added * np.eye(len(A)), lower=True, check_finite=False)
        right = np.concatenate([*B, gradient1.T], 1)  # (L1, E L2 + E)
        solved = cho_solve(factor, right, check_finite=False)
        own = solved[:, B.shape[0] * len(k2) :].T
        through = solved[:, : B.shape[0] * len(k2)].reshape(len(A), -1, len(k2)).transpose(1, 0, 2)
        left = D + added * np.eye(len(D)) - B.reshape(-1, len(k2)).T @ through.reshape(-1, len(k2))
        rest = cho_factor(left, lower=True, check_finite=False)
        step2 = cho_solve(rest, gradient2 - B.reshape(-1, len(k2)).T @ own.ravel(), check_finite=False)
    except (LinAlgError, ValueError):
        return None
    step1 = own - through @ step2
    volume = 2 * (len(k1) * np.log(np.diag(factor[0])).sum() + np.log(np.diag(rest[0])).sum())
    return k1 - step1, k2 - step2, float(volume)
