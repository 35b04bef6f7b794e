"""Genericity of successive two-dimensional convolutions, by autocorrelations of their kernels (docs/images.md).

For k of one layer and k' of the next, white noise before k, and the mean over all modulations of k,

    rho = 1 + sum_{d != 0} R_k(d) R_k'(s d) / (R_k(0) R_k'(0)),     R_k(d) = sum_x k(x + d) k(x), not circular,

s the stride of the later layer, a transposed convolution: zeros between the samples of its input repeat the spectrum of
k. In an encoder, whose earlier layer keeps every s-th sample, it is R_k(s d) R_k'(d). Kernels alone are looked at,
never an image. Weights are laid out as those of transposed convolutions: (..., I, H, h, w) from I inputs to H hidden
channels, then (..., H, O, h', w'); leading axes are a batch, row by row the same bits. All functions differentiate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from indmech_bench.scm.streams import Streams, row_key

Direction = Literal["decoder", "encoder"]
RE_PAIRINGS = 999


def autocorrelation(kernels: Tensor, reach: tuple[int, int], step: int = 1) -> Tensor:
    """R(step d) for |d| <= reach along both axes: (..., h, w) -> (..., 2 reach_y + 1, 2 reach_x + 1), d = 0 amid."""
    return _mirrored([(a * b).sum((-2, -1)) for a, b in _shifted(kernels, reach, step)], reach)


def triple_ratios(first: Tensor, second: Tensor, stride: int = 1, direction: Direction = "decoder") -> Tensor:
    """rho of every path input -> hidden channel -> output: (..., I, H, h, w), (..., H, O, h', w') -> (..., I, H, O)."""
    R1, R2 = _autocorrelations(first, second, stride, direction)
    return _ratio(R1.unsqueeze(-3), R2.unsqueeze(-5))


def channel_ratios(first: Tensor, second: Tensor, stride: int = 1, direction: Direction = "decoder") -> Tensor:
    """rho of every hidden channel, R_k summed over inputs and R_k' over outputs: (..., H).

    Scaling a channel, as batch normalisation does, leaves it alone.
    """
    return _ratio(*_of_channels(first, second, stride, direction))


def layer_ratio(first: Tensor, second: Tensor, stride: int = 1, direction: Direction = "decoder") -> Tensor:
    """rho of the layer with channels modulated apart, the channels' rho weighted by power: (...)."""
    R1, R2 = _of_channels(first, second, stride, direction)
    return (R1 * R2).sum((-3, -2, -1)) / (_at_zero(R1) * _at_zero(R2)).sum(-1)


def coherent_ratio(first: Tensor, second: Tensor, stride: int = 1, direction: Direction = "decoder") -> Tensor:
    """rho of the layer with all channels modulated alike: what they have in common counts. (...).

    sum_d tr S(d) T(s d)' / tr S(0) T(0)', S_jj' the cross-correlations of hidden channels, T_jj' those of what follows
    them. It is not the mean of the channels' rho.
    """
    return _coherent(*_cross_correlations(first, second, stride, direction))


def re_pairings(
    first: Tensor,
    second: Tensor,
    stride: int = 1,
    direction: Direction = "decoder",
    *,
    coherent: bool = False,
    permutations: int = RE_PAIRINGS,
) -> tuple[Tensor, Tensor]:
    """mean_j log rho_j (or log rho, coherent), (...), and the same when the second layer's channels are paired anew.

    (..., permutations) of these, the same re-pairings in every process. Both layers keep all that they have alone,
    low-pass shapes too: what differs is owed to the pairing.
    """
    orders = re_pairing_orders(first.shape[-3], permutations).to(first.device)
    if coherent:
        S, T = _cross_correlations(first, second, stride, direction)
        return _coherent(S, T).log(), torch.stack([_coherent(S, T, order).log() for order in orders], -1)
    R1, R2 = _of_channels(first, second, stride, direction)
    return _ratio(R1, R2).log().mean(-1), torch.stack([_ratio(R1, R2[..., o, :, :]).log().mean(-1) for o in orders], -1)


def re_pairing_orders(channels: int, permutations: int) -> Tensor:
    """Orders (permutations, channels) that channels are paired anew in, the same in every process."""
    key = row_key("null", "", f"re-pairings of {channels}", {}, 1, 0)
    return Streams((key,)).randn("order", permutations, channels)[0].argsort(-1)


def re_pairing_pvalue(
    first: Tensor,
    second: Tensor,
    stride: int = 1,
    direction: Direction = "decoder",
    *,
    coherent: bool = False,
    permutations: int = RE_PAIRINGS,
) -> Tensor:
    """p-value of mean_j log rho_j (or log rho, coherent) when the second layer's channels are paired anew: (...).

    It asks about the pairing alone, see `re_pairings`.
    """
    return pvalue_among(*re_pairings(first, second, stride, direction, coherent=coherent, permutations=permutations))


def pvalue_among(found: Tensor, drawn: Tensor) -> Tensor:
    """(1 + #{|t_i - mean t| >= |t - mean t|}) / (1 + n) of t (...) among t_i (..., n); NaN stays NaN."""
    centre = drawn.mean(-1)
    as_far = (drawn - centre.unsqueeze(-1)).abs() >= (found - centre).abs().unsqueeze(-1)
    pvalue = (1 + as_far.sum(-1)).to(found) / (1 + drawn.shape[-1])
    return torch.where(found.isnan(), found, pvalue)


def _lags(first: Tensor, second: Tensor, stride: int, direction: Direction) -> tuple[tuple[int, int], int, int]:
    """Largest lags at which both have an autocorrelation, and the steps that their lags are taken in."""
    steps = (1, stride) if direction == "decoder" else (stride, 1)
    reach = [min((first.shape[a] - 1) // steps[0], (second.shape[a] - 1) // steps[1]) for a in (-2, -1)]
    return (reach[0], reach[1]), *steps


def _autocorrelations(first: Tensor, second: Tensor, stride: int, direction: Direction) -> tuple[Tensor, Tensor]:
    """R_k and R_k' of every kernel at the lags that belong together."""
    reach, step, step_after = _lags(first, second, stride, direction)
    return autocorrelation(first, reach, step), autocorrelation(second, reach, step_after)


def _of_channels(first: Tensor, second: Tensor, stride: int, direction: Direction) -> tuple[Tensor, Tensor]:
    """R_k summed over inputs and R_k' over outputs, both (..., H, lags)."""
    R1, R2 = _autocorrelations(first, second, stride, direction)
    return R1.sum(-4), R2.sum(-3)


def _ratio(R1: Tensor, R2: Tensor) -> Tensor:
    """1 + sum_{d != 0} R_1(d) R_2(d) / (R_1(0) R_2(0)); exactly 1 where no lag but 0 counts."""
    at_zero = _at_zero(R1) * _at_zero(R2)
    return (R1 * R2).flatten(-2).sum(-1) / at_zero


def _at_zero(R: Tensor) -> Tensor:
    return R[..., R.shape[-2] // 2, R.shape[-1] // 2]


def _shifted(kernels: Tensor, reach: tuple[int, int], step: int) -> Iterator[tuple[Tensor, Tensor]]:
    """k(x + step d) and k(x) where both are, for d = 0 and one of each pair d, -d: row by row of the lags."""
    height, width = kernels.shape[-2:]
    for down in range(reach[0] + 1):
        for right in range(-reach[1] if down else 0, reach[1] + 1):
            y, x = step * down, step * right
            yield (
                kernels[..., y:, max(x, 0) : width + min(x, 0)],
                kernels[..., : height - y, max(-x, 0) : width - max(x, 0)],
            )


def _mirrored(half: list[Tensor], reach: tuple[int, int]) -> Tensor:
    """All lags (..., 2 reach_y + 1, 2 reach_x + 1) from those of `_shifted`: R(-d) = R(d)."""
    both = [*half[:0:-1], *half]
    return torch.stack(both, -1).unflatten(-1, (2 * reach[0] + 1, 2 * reach[1] + 1))


def _cross_correlations(first: Tensor, second: Tensor, stride: int, direction: Direction) -> tuple[Tensor, Tensor]:
    """S and T (..., D, H, H) at d = 0 and one of each pair d, -d."""
    reach, step, step_after = _lags(first, second, stride, direction)
    S = [_products(a, b) for a, b in _shifted(first, reach, step)]
    # of the later layer the pair (j, j') is seen from the other side
    T = [_products(b, a) for a, b in _shifted(second.transpose(-4, -3), reach, step_after)]
    return torch.stack(S, -3), torch.stack(T, -3)


def _products(a: Tensor, b: Tensor) -> Tensor:
    """sum over the first channel axis and both axes of space of a_j b_j': (..., I, H, h, w) twice -> (..., H, H)."""
    left, right = (value.transpose(-4, -3).flatten(-3) for value in (a, b))
    pairs = torch.bmm(left.reshape(-1, *left.shape[-2:]), right.reshape(-1, *right.shape[-2:]).mT)
    return pairs.reshape(*left.shape[:-1], left.shape[-2])


def _coherent(S: Tensor, T: Tensor, order: Tensor | None = None) -> Tensor:
    """sum_d tr S(d) T(d)' / tr S(0) T(0)', channels of T in another order if one is given.

    Lags d and -d add the same, since S(-d) = S(d)'. Lag by lag, which takes half the time of all at once.
    """
    terms = []
    for one, other in zip(S.unbind(-3), T.unbind(-3), strict=True):
        paired = other if order is None else other.index_select(-2, order).index_select(-1, order)
        terms.append((one * paired).flatten(-2).sum(-1))
    return (terms[0] + 2 * torch.stack(terms[1:], -1).sum(-1) if len(terms) > 1 else terms[0]) / terms[0]
