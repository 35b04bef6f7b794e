"""What is said of one pair of layers, from their weights and from the maps between them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from indmech_bench.networks.kernels import Kernels, stride_of_maps
from indmech_bench.networks.maps_seen import centred, channel_coherence, map_ratios
from indmech_bench.scm.images.autocorrelations import channel_ratios, pvalue_among, re_pairing_orders, re_pairings

MOST_COHERENT = 199
"""Re-pairings of what costs the square of the channels each time, at most."""


@dataclass(frozen=True)
class PairAudit:
    """What is said of two successive layers; None where it has no meaning or nothing was given to run the network on.

    With R_j the autocorrelation of hidden channel j's kernels, summed over inputs, R'_j of those that act on it, summed
    over outputs, s the stride between them, lags d in the plane:

    pair: the names of the layers. channels: hidden channels that neither layer leaves out.
    log_rho, log_rho_sd: mean and standard deviation over channels of
        log rho_j = log(1 + sum_{d != 0} R_j(d) R'_j(s d) / (R_j(0) R'_j(0))).
    repaired, repaired_sd: mean and standard deviation of that mean when the second layer's channels are paired anew.
    pairing_p: (1 + #{|t_i - mean t| >= |t - mean t|}) / (1 + permutations) of that mean; of two Linear layers of
        coherent.
    coherent: sum_d tr S(d) T(s d)' / tr S(0) T(0)', S_jj' and T_jj' the cross-correlations of channels: <tr A B> over
        tr <A> <B> of the channel matrices' spectra A and B, all channels modulated alike. Of two Linear layers the
        trace ratio H tr M N / (tr M tr N), M = W W', N = W'' W' of the second's weights W'.
    coherent_repaired, coherent_repaired_sd, coherent_p: as for log_rho, of log coherent, with 199 re-pairings at most;
        the first is a ratio again.
    balancedness: |k|^2 / |k'|^2, the ratio of the squared norms of both layers.
    maps_log_rho, maps_log_rho_centred: mean over channels of log rho of the maps that enter the second layer, in place
        of white noise through the first one: as they are, and less each channel's mean.
    coherence: power of the sum over channels over the sum of their powers, of what the second layer makes of centred
        maps.
    """

    pair: str
    channels: int
    log_rho: float | None
    log_rho_sd: float | None
    repaired: float | None
    repaired_sd: float | None
    pairing_p: float
    coherent: float
    coherent_repaired: float
    coherent_repaired_sd: float
    coherent_p: float
    balancedness: float
    maps_log_rho: float | None = None
    maps_log_rho_centred: float | None = None
    coherence: float | None = None


def audited_pair(name: str, kernels: Kernels, permutations: int) -> PairAudit:
    """The weights of one pair. Channels that a layer leaves out have no rho and are left out."""
    used = (kernels.first.square().sum((0, 2, 3)) > 0) & (kernels.second.square().sum((1, 2, 3)) > 0)
    first, second = kernels.first[:, used], kernels.second[used]
    geometry = (first, second, kernels.stride, kernels.direction)
    found, drawn = re_pairings(*geometry, permutations=permutations)
    if kernels.dense:
        whole, wholes = _trace_ratios(first, second, permutations)
    else:
        whole, wholes = re_pairings(*geometry, coherent=True, permutations=min(permutations, MOST_COHERENT))
    p, coherent_p = float(pvalue_among(found, drawn)), float(pvalue_among(whole, wholes))
    row = PairAudit(
        pair=name,
        channels=int(used.sum()),
        log_rho=float(found),
        log_rho_sd=float(channel_ratios(*geometry).log().std()),
        repaired=float(drawn.mean()),
        repaired_sd=float(drawn.std()),
        pairing_p=p,
        coherent=float(whole.exp()),
        coherent_repaired=float(wholes.mean().exp()),
        coherent_repaired_sd=float(wholes.std()),
        coherent_p=coherent_p,
        balancedness=float(first.square().sum() / second.square().sum()),
    )
    if kernels.dense:  # without places a channel has nothing to modulate
        return replace(row, log_rho=None, log_rho_sd=None, repaired=None, repaired_sd=None, pairing_p=coherent_p)
    return row


def _trace_ratios(first: Tensor, second: Tensor, permutations: int) -> tuple[Tensor, Tensor]:
    """log H tr M N / (tr M tr N) of two Linear layers, and the same with the second's inputs re-paired.

    M = W W' (H, H) of the first's weights, N = W' W of the second's. Source: Janzing, Hoyer, Schoelkopf (ICML 2010).
    """
    W, V = first[..., 0, 0], second[..., 0, 0]  # (I, H) and (H, O)
    M, N = W.mT @ W, V @ V.mT
    size = M.diagonal().sum() * N.diagonal().sum() / len(M)
    drawn = [(M * N[order][:, order]).sum() / size for order in re_pairing_orders(len(M), permutations)]
    return ((M * N).sum() / size).log(), torch.stack(drawn).log()


def with_maps(row: PairAudit, maps: Tensor, kernels: Kernels, layer: nn.Module) -> PairAudit:
    """A row with what the maps (N, H, h, w) that enter its second layer say.

    Maps of a Linear layer have no places; those that come flattened to one have lost theirs.
    """
    if maps.shape[1] != len(kernels.second):
        return row
    still, stride = centred(maps), stride_of_maps(layer)
    coherence = channel_coherence(still, kernels.second, stride) if float(still.square().sum()) else None
    if maps.shape[-2:].numel() == 1:
        return replace(row, coherence=coherence)
    raw, less = (float(map_ratios(each, kernels.second, stride).log().nanmean()) for each in (maps, still))
    return replace(row, maps_log_rho=raw, maps_log_rho_centred=less, coherence=coherence)
