"""Contrast, generic ratio and its prior null: what independence of mechanisms is tested with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from indmech_bench.scm.interventions import orthogonalised
from indmech_bench.scm.parameters import Parameters, size_of
from indmech_bench.scm.streams import Streams, row_key

NULL_SIZE = 10_000
NULL_BLOCK = 20_000_000
"""Numbers that a null is drawn from at once, at most: images have 37,000 for each of its draws."""
ROTATIONS = 999
ROUNDING = 1e-12


def log_ratio_of_laws(observed: Tensor, powers: Tensor) -> Tensor:
    """log rho = log C(P) / E_g C(P_g) from the power without intervention (R,) and those under the group (R, G)."""
    return (observed / powers.mean(-1)).log()


@dataclass(frozen=True, eq=False)
class Null:
    """What log rho looks like when the mechanisms are drawn independently: NULL_SIZE draws of iid Gaussian taps."""

    log_ratios: Tensor

    def pvalue(self, log_ratio: Tensor) -> Tensor:
        """(1 + #{|log rho_i| >= |log rho|}) / (1 + NULL_SIZE) for log_ratio of any shape; NaN stays NaN."""
        ordered = self.log_ratios.abs().sort().values.to(log_ratio)
        size = log_ratio.abs().detach().contiguous()
        as_large = len(ordered) - torch.searchsorted(ordered, size)
        return torch.where(size.isnan(), size, (1 + as_large) / (1 + len(ordered)))

    def bound(self, level: float) -> Tensor:
        """The largest |log rho| whose p is at least `level`, in (1 / (1 + draws), 1]: p is smaller just beyond. ()."""
        ordered = self.log_ratios.abs().sort().values
        return ordered[len(ordered) - max(1, math.ceil(level * (1 + len(ordered)) - 1))]


@lru_cache(maxsize=32)
def prior_null(model: Any) -> Null:
    """The null for a learner's own mechanisms; the same numbers in every process (a stream of its own)."""
    streams = Streams((row_key("null", "", repr(model), {}, 1, 0),))
    names = [name for parts in model.mechanisms.values() for name in parts]
    shapes = {name: model.shapes[name] for name in names}
    generators = {name: streams.generators(name)[0] for name in names}
    found = []
    for block in torch.arange(NULL_SIZE).split(max(1, NULL_BLOCK // size_of(shapes))):
        # a generator goes on where it was: the numbers are those of one draw of all
        taps = {n: torch.from_numpy(generators[n].standard_normal((len(block), *shapes[n]))) for n in names}
        found.append(model.log_generic_ratio(taps))
    return Null(torch.cat(found))


@lru_cache(maxsize=8)
def _null_rotations(d: int) -> Tensor:
    """Haar orthogonal matrices (ROTATIONS, d, d), the same in every process."""
    normals = Streams((row_key("null", "", f"rotations of {d}", {}, 1, 0),)).randn("rotations", ROTATIONS, d, d)[0]
    return orthogonalised(normals)


def rotation_pvalue(A: Tensor, B: Tensor) -> Tensor:
    """(1 + #{|log rho(O_i A, B)| >= |log rho(A, B)|}) / (1 + ROTATIONS), O_i Haar: A, B (R, d, d) -> (R,).

    The null of the trace method: the spectra of both mechanisms are kept, and only their directions are generic. Where
    A A' is a multiple of the identity all rotations tie, and p is 1. NaN stays NaN.
    Source: Janzing, Hoyer, Schoelkopf (ICML 2010); Zscheischler, Janzing, Zhang (UAI 2011).
    """
    M, N = A @ A.mT, B.mT @ B
    generic = M.diagonal(dim1=-2, dim2=-1).sum(-1) * N.diagonal(dim1=-2, dim2=-1).sum(-1) / A.shape[-1]
    size = ((M * N).sum((-2, -1)) / generic).log().abs()
    rotations = _null_rotations(A.shape[-1])
    rotated = rotations @ M.unsqueeze(1) @ rotations.mT
    drawn = ((rotated * N.unsqueeze(1)).sum((-2, -1)) / generic.unsqueeze(-1)).log().abs()
    as_large = (drawn >= size.unsqueeze(-1) - ROUNDING).sum(-1)
    return torch.where(size.isnan(), size, (1 + as_large).to(size) / (1 + ROTATIONS))


def lag_one(taps: Tensor) -> Tensor:
    """Lag-one autocorrelation of a kernel, (..., L) -> (...): the centroid <P cos> / <P> of its power spectrum."""
    return (taps[..., 1:] * taps[..., :-1]).sum(-1) / taps.square().sum(-1)


def placebo_statistic(parameters: Parameters) -> Tensor:
    """|difference of the spectral centroids of the first two mechanisms|: says nothing about independence. (...)."""
    first, second = list(parameters.values())[:2]
    return (lag_one(first) - lag_one(second)).abs()
