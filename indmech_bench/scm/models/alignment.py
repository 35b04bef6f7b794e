"""Strong identifiability: the distance of kernels when delays and signs, which nothing fixes, are left out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad


def kernel_error(kernels: Sequence[Tensor], true: Sequence[Tensor], n: int, ties: str) -> Tensor:
    """sqrt(mean_k |k_hat_k - k_k|^2) of unit-norm kernels (R, L_k), least over circular delays and signs: (R,).

    Args:
        kernels: those learnt, (R, L_k) each.
        true: the true ones, likewise.
        n: samples of the circle that delays live on.
        ties: `free`: every kernel has a delay of its own. `sum`: delays add up to 0, as the observed phase of a chain
            demands. `opposite`: all but the last share a delay, which the last undoes.
    """
    learnt, target = ([_unit(pad(kernel, (0, n - kernel.shape[-1]))) for kernel in side] for side in (kernels, true))
    # correlations[k][:, d]: of the true kernel k with the learnt one delayed by d
    correlations = [
        torch.fft.irfft(torch.fft.rfft(a).conj() * torch.fft.rfft(b), n=n) for a, b in zip(learnt, target, strict=True)
    ]
    delays = _delays([c.abs().nan_to_num(-1) for c in correlations], ties)
    squares = []
    for kernel, other, correlation, delay in zip(learnt, target, correlations, delays, strict=True):
        source = (torch.arange(n) - delay.unsqueeze(-1)) % n
        sign = torch.where(correlation.gather(-1, delay.unsqueeze(-1)) < 0, -1.0, 1.0)
        squares.append((kernel.gather(-1, source) * sign - other).square().sum(-1))
    return torch.stack(squares, -1).mean(-1).sqrt()


def _unit(kernel: Tensor) -> Tensor:
    return kernel / kernel.norm(dim=-1, keepdim=True)


def _delays(gains: list[Tensor], ties: str) -> list[Tensor]:
    """Delays (R,) of each kernel with the largest sum of gains (R, n)."""
    if ties == "free":
        return [gain.argmax(-1) for gain in gains]
    n = gains[0].shape[-1]
    if ties == "opposite":
        reversed_last = gains[-1][:, (-torch.arange(n)) % n]
        delay = (torch.stack(gains[:-1]).sum(0) + reversed_last).argmax(-1)
        return [delay] * (len(gains) - 1) + [-delay % n]
    # best[:, d]: largest sum of the gains so far whose delays add up to d; choice[k][:, d]: the delay of kernel k in it
    best, choices = gains[0], []
    totals, own_delays = torch.arange(n).unsqueeze(-1), torch.arange(n).unsqueeze(0)
    for gain in gains[1:]:
        wanted = totals if gain is not gains[-1] else totals[:1]  # of all kernels the delays add up to 0
        sums = best[:, (wanted - own_delays) % n] + gain.unsqueeze(1)
        best, choice = sums.max(-1)
        choices.append(choice)
    total = torch.zeros(len(best), dtype=torch.long)
    delays: list[Tensor] = []
    for choice in reversed(choices):
        delay = choice.gather(-1, total.unsqueeze(-1)).squeeze(-1)
        delays.insert(0, delay)
        total = (total - delay) % n
    return [total, *delays]
