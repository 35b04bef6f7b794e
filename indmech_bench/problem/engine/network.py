"""Kernel models as data: which kernels each path from noise to output multiplies, and what their generic ratios are.

The power spectrum of output e is S_e = sum over its paths p of Q_p = prod_{j in p} P_j. A chain is one path;
environments are one path and one output each; the fork is two paths into one output. A generic ratio is
    log sum_p <Q_p> - log sum_p <P_k><R_pk>
over some paths, k the mechanism that is modulated in p and R_pk the product of the others on it; a path without it
counts as <Q_p> in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from indmech_bench.problem.engine.arrays import Floats, Real, padded_bins
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.models.environments import SharedConvolution
from indmech_bench.scm.models.fork import Fork
from indmech_bench.scm.models.kernels import half_weights
from indmech_bench.scm.models.protocol import Model


@dataclass(frozen=True)
class Network:
    """Kernels with their taps side by side, paths as tuples of kernels, the output of each path.

    ratios: of each mechanism that has one, by path the modulated kernel, or None where the path has none; a path that
    is no part of the ratio is left out. intervened: that of the intervened mechanism.
    """

    lengths: tuple[int, ...]
    paths: tuple[tuple[int, ...], ...]
    outputs: tuple[int, ...]
    ratios: tuple[dict[int, int | None], ...]
    intervened: dict[int, int | None]
    n: int

    @property
    def first(self) -> list[int]:
        """Where the taps of each kernel begin."""
        return [sum(self.lengths[:j]) for j in range(len(self.lengths))]


def network_of(model: Model) -> Network | None:
    """The model as data; None for one that is not known, nor is a class built on a known one: it may do otherwise."""
    if type(model) is ConvolutionCascade:
        kernels = range(len(model.lengths))
        ratios: list[dict[int, int | None]] = [{0: k} for k in (kernels if len(kernels) > 2 else kernels[:1])]
        return Network(model.lengths, (tuple(kernels),), (0,), tuple(ratios), {0: model.intervened}, model.n)
    if type(model) is SharedConvolution:
        shared, environments = model.environments, range(model.environments)
        lengths = (*[model.lengths[0]] * shared, model.lengths[1])
        paths = tuple((e, shared) for e in environments)
        each: list[dict[int, int | None]] = [{e: e} for e in environments]
        return Network(lengths, paths, tuple(environments), tuple(each), {e: e for e in environments}, model.n)
    if type(model) is Fork:
        first: dict[int, int | None] = {0: 0, 1: None}
        every: tuple[dict[int, int | None], ...] = (first, {0: None, 1: 1}, {0: 2, 1: 2})
        return Network(model.lengths, ((0, 2), (1, 2)), (0, 0), every, first, model.n)
    return None


def transform_table(lengths: Sequence[int], n: int, dtype: Real) -> tuple[Floats, Floats]:
    """Cosine and minus sine of 2 pi t f / n (L, 2, F), and weights (F,), 0 on padding.

    With the weights a sum over non-negative frequencies is the mean over all.
    """
    bins, padded = n // 2 + 1, padded_bins(n)
    # t f is reduced before it is multiplied by 2 pi / n: a long kernel's angles would lose digits
    angles = 2 * np.pi * (np.outer(np.arange(max(lengths)), np.arange(bins)) % n) / n
    table = np.zeros((len(angles), 2, padded))
    table[:, 0, :bins], table[:, 1, :bins] = np.cos(angles), -np.sin(angles)
    weights = np.zeros(padded)
    weights[:bins] = half_weights(n, torch.float64, torch.device("cpu")).numpy()
    return table.astype(dtype), weights.astype(dtype)
