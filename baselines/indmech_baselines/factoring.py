"""Zeros of observed chains of convolutions: what root search and path swaps share out between the kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from indmech_bench import (
    Array,
    ConvolutionCascade,
    Problem,
    SolutionList,
    UnsupportedError,
    check_zeros,
    count_solutions,
    enumerate_solutions,
)

LONGEST = 3
"""Kernels of a chain whose zeros are shared out, at most: five have tens of thousands of solutions."""


def chain_of(problem: Problem) -> ConvolutionCascade:
    """The model, where its solutions are ways of sharing out zeros. Raises UnsupportedError elsewhere."""
    model = problem.model
    if not isinstance(model, ConvolutionCascade):
        raise UnsupportedError("only the zeros of a chain of convolutions are shared out between its kernels")
    taps = sum(model.lengths) - len(model.lengths) + 1
    check_zeros(taps)
    if taps > model.n:
        raise UnsupportedError("kernels as long as the signal share out no zeros: their solutions are a continuum")
    if len(model.lengths) > LONGEST:
        raise UnsupportedError(f"zeros are shared out between at most {LONGEST} kernels")
    return model


def observed_composites(problem: Problem) -> list[Array]:
    """A kernel that explains the observation, one a replicate: with its phase, or of minimum phase where none is seen.

    Only the sizes of spectra count under modulation: reflecting a zero at the unit circle changes no prediction.
    Raises UnsupportedError for samples.
    """
    model = chain_of(problem)
    length = sum(model.lengths) - len(model.lengths) + 1
    shown = problem.observations.double().numpy()
    if problem.kind == "impulse":
        return [*shown[:, :length]]
    if problem.kind == "spectrum":
        return [minimum_phase(row, length) for row in np.fft.irfft(shown, n=model.n)]
    raise UnsupportedError("samples have no exact zeros: the law itself must be observed")


def minimum_phase(autocorrelation: Array, length: int) -> Array:
    """The kernel (length,) without zeros outside the unit circle that has this autocorrelation (n,), lag 0 first.

    Zeros come in pairs z, 1/z; the inner one of each is kept. Source: Oppenheim and Schafer (1975), spectral
    factorisation.
    """
    if not np.isfinite(autocorrelation).all():
        return np.full(length, np.nan)
    polynomial = np.concatenate([autocorrelation[length - 1 : 0 : -1], autocorrelation[:length]])
    roots = np.roots(polynomial)
    inner = roots[np.argsort(np.abs(roots), kind="stable")[: length - 1]]
    kernel: Array = np.real(np.poly(inner))
    kernel = np.pad(kernel, (0, length - len(kernel)))
    return kernel * np.sqrt(autocorrelation[0] / (kernel @ kernel))


def shared_out(composite: Array, lengths: tuple[int, ...], limit: int) -> list[Array] | None:
    """Kernels (S, L_k) of all solutions, in a reproducible order; None where there are more than `limit`."""
    first, *rest = lengths
    remaining = sum(rest) - len(rest) + 1
    if count_solutions(composite, (first, remaining)) > limit:
        return None
    heads, tails = enumerate_solutions(composite, (first, remaining), limit)
    if len(rest) == 1:
        return [heads, tails]
    parts = [shared_out(tail, tuple(rest), limit) for tail in tails]
    if any(part is None for part in parts):
        return None
    kept = [part for part in parts if part is not None]
    counts = [len(part[0]) for part in kept]
    if sum(counts) > limit:
        return None
    return [np.repeat(heads, counts, axis=0), *(np.concatenate(columns) for columns in zip(*kept, strict=True))]


HELD = 3_000
"""Solutions of two kernels that are polished and held, at most; more are made block by block, whenever asked for."""
THREE = 20_000
"""Solutions of three kernels, at most: they are held."""


@dataclass(frozen=True, eq=False)
class Held:
    """Solutions that are held: kernels (S, L_k)."""

    kernels: tuple[Array, ...]

    def __len__(self) -> int:
        return len(self.kernels[0])

    def block(self, start: int, stop: int) -> tuple[Array, ...]:
        """Kernels (B, L_k) of these solutions."""
        return tuple(kernel[start:stop] for kernel in self.kernels)

    def one(self, index: int) -> tuple[Array, ...]:
        """Kernels (L_k,) of one of them."""
        return tuple(kernel[index] for kernel in self.kernels)


Listed = Held | SolutionList
"""All solutions of a replicate: how many there are, and any block of them."""


def listed(composite: Array, lengths: tuple[int, ...], limit: int) -> Listed | None:
    """The solutions, in a reproducible order; None where there are more than `limit`, of three kernels than THREE."""
    if len(lengths) == 2:
        pair = lengths[0], lengths[1]
        if HELD < count_solutions(composite, pair) <= limit:
            return SolutionList.of(composite, pair, limit)
    kernels = shared_out(composite, lengths, min(limit, THREE))
    return None if kernels is None else Held(tuple(kernels))


def as_parameters(problem: Problem, rows: Sequence[Sequence[Array]]) -> dict[str, Tensor]:
    """Parameters (R, ...) from one list of arrays a replicate, in the order of the problem's names."""
    return {
        name: torch.from_numpy(np.stack([row[k] for row in rows])).to(problem.dtype)
        for k, name in enumerate(problem.shapes)
    }


def stacked(rows: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Replicates (S_r, L_k) of one dict each -> one dict (R, max S, L_k); a short one repeats its first solution."""
    most = max(len(next(iter(row.values()))) for row in rows)
    return {
        name: torch.stack([torch.cat([row[name], row[name][:1].expand(most - len(row[name]), -1)]) for row in rows])
        for name in rows[0]
    }
