"""Contrast, generic ratio and its prior null: what independence of mechanisms is tested with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from indmech_bench.scm.parameters import Parameters
from indmech_bench.scm.streams import Streams, row_key

NULL_SIZE = 10_000


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


@lru_cache(maxsize=32)
def prior_null(model: Any) -> Null:
    """The null for a learner's own mechanisms; the same numbers in every process (a stream of its own)."""
    streams = Streams((row_key("null", "", repr(model), {}, 1, 0),))
    names = [name for parts in model.mechanisms.values() for name in parts]
    taps = {name: streams.randn(name, NULL_SIZE, *model.shapes[name])[0] for name in names}
    return Null(model.log_generic_ratio(taps))


def lag_one(taps: Tensor) -> Tensor:
    """Lag-one autocorrelation of a kernel, (..., L) -> (...): the centroid <P cos> / <P> of its power spectrum."""
    return (taps[..., 1:] * taps[..., :-1]).sum(-1) / taps.square().sum(-1)


def placebo_statistic(parameters: Parameters) -> Tensor:
    """|difference of the spectral centroids of the first two mechanisms|: says nothing about independence. (...)."""
    first, second = list(parameters.values())[:2]
    return (lag_one(first) - lag_one(second)).abs()
