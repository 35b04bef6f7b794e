"""Genericity of successive layers by autocorrelations: the formula of power spectra, and what must not change it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from draws import each_seed
from torch import Tensor

from indmech_bench import channel_ratios, coherent_ratio, layer_ratio, re_pairing_pvalue, triple_ratios

N = 32
"""Samples of the finer grid along an axis: a multiple of every stride, more than any composite kernel."""
KINDS: dict[str, Callable[..., Tensor]] = {
    "triples": triple_ratios,
    "channels": channel_ratios,
    "layer": layer_ratio,
    "coherent": coherent_ratio,
}


def layers(seed: int, *lead: int, size: int = 4, hidden: int = 3) -> tuple[Tensor, Tensor]:
    generator = np.random.default_rng(seed)
    shapes = (2, hidden, size, size), (hidden, 5, size, size)
    first, second = (torch.from_numpy(generator.standard_normal((*lead, *shape))) for shape in shapes)
    return first, second


def spectra(first: Tensor, second: Tensor, stride: int, direction: str) -> tuple[Tensor, Tensor]:
    """Transfer functions of both layers on one grid: one of them sees the other's spectrum repeated or folded."""
    if direction == "decoder":
        coarse, fine = first, second
    else:
        coarse, fine = second, first
    small = torch.fft.fft2(coarse, s=(N // stride, N // stride)).repeat(*[1] * (coarse.dim() - 2), stride, stride)
    large = torch.fft.fft2(fine, s=(N, N))
    return (small, large) if direction == "decoder" else (large, small)


def by_spectra(kind: str, first: Tensor, second: Tensor, stride: int, direction: str) -> Tensor:
    """<P R> / (<P> <R>) of the power spectra, and its forms for layers."""
    K, L = spectra(first, second, stride, direction)
    if kind == "coherent":
        S = torch.einsum("...ijxy,...ikxy->...jkxy", K, K.conj())
        T = torch.einsum("...koxy,...joxy->...jkxy", L.conj(), L)
        together = (S * T).real.sum((-4, -3)).mean((-2, -1))
        return together / (S.mean((-2, -1)) * T.mean((-2, -1))).real.sum((-2, -1))
    P, R = K.abs().square(), L.abs().square()
    if kind == "triples":
        P, R = P.unsqueeze(-3), R.unsqueeze(-5)
    else:
        P, R = P.sum(-4), R.sum(-3)
    together, apart = (P * R).mean((-2, -1)), P.mean((-2, -1)) * R.mean((-2, -1))
    return together.sum(-1) / apart.sum(-1) if kind == "layer" else together / apart


@each_seed(2)
@pytest.mark.parametrize("direction", ["decoder", "encoder"])
@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_spectral_density_ratio(kind: str, stride: int, direction: str, seed: int) -> None:
    first, second = layers(seed, 2)
    found = KINDS[kind](first, second, stride, direction)
    assert torch.allclose(found, by_spectra(kind, first, second, stride, direction), rtol=1e-10)


def test_the_coherent_ratio_is_that_of_the_power_of_the_composite() -> None:
    """Power of white noise after both layers, over its mean when the hidden maps are modulated all alike."""
    first, second = layers(3)
    K, L = spectra(first, second, 2, "decoder")

    def power(shift: tuple[int, int]) -> Tensor:
        moved = torch.roll(K, shift, (-2, -1))
        return torch.einsum("ijxy,joxy->ioxy", moved, L).abs().square().sum()

    every = torch.stack([power((a, b)) for a in range(N) for b in range(N)])
    assert float(coherent_ratio(first, second, 2)) == pytest.approx(float(every[0] / every.mean()), rel=1e-10)


def test_an_encoder_swaps_what_the_stride_acts_on() -> None:
    first, second = layers(4)
    back = second.transpose(0, 1), first.transpose(0, 1)
    assert torch.allclose(channel_ratios(first, second, 2, "encoder"), channel_ratios(*back, 2, "decoder"))
    assert not torch.allclose(channel_ratios(first, second, 2, "encoder"), channel_ratios(first, second, 2, "decoder"))


def test_a_spike_is_generic_exactly() -> None:
    first, second = layers(5)
    spike = torch.zeros_like(second)
    spike[..., 1, 2] = second[..., 0, 0]
    for kind in ("triples", "channels", "layer"):
        assert bool((KINDS[kind](first, spike) - 1 == 0).all())
        assert bool((KINDS[kind](spike.transpose(0, 1), first.transpose(0, 1)) - 1 == 0).all())


def test_spikes_at_least_a_kernel_apart_are_generic_exactly() -> None:
    layout = torch.zeros(1, 1, 20, 20, dtype=torch.float64)
    layout[..., 2, 3], layout[..., 2, 8], layout[..., 15, 4] = 0.7, 1.3, 0.9
    shape = torch.from_numpy(np.random.default_rng(6).standard_normal((1, 1, 5, 5)))
    assert float(triple_ratios(layout, shape)) == 1.0
    layout[..., 2, 7], layout[..., 2, 8] = 1.3, 0.0
    assert float(triple_ratios(layout, shape)) != 1.0


@each_seed(5)
def test_the_scale_of_a_channel_changes_no_channels_ratio(seed: int) -> None:
    first, second = layers(seed)
    scale = torch.tensor([0.1, -3.0, 7.0], dtype=torch.float64)
    normalised = first * scale[:, None, None]
    assert torch.allclose(channel_ratios(normalised, second, 2), channel_ratios(first, second, 2), rtol=1e-12)
    assert torch.allclose(triple_ratios(normalised, second, 2), triple_ratios(first, second, 2), rtol=1e-12)
    assert not torch.allclose(layer_ratio(normalised, second, 2), layer_ratio(first, second, 2), rtol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_has_the_same_bits_alone_and_in_a_batch(kind: str) -> None:
    first, second = layers(7, 9)
    whole = KINDS[kind](first, second, 2)
    for rows in (slice(3, 4), slice(2, 7)):
        assert torch.equal(KINDS[kind](first[rows], second[rows], 2), whole[rows])


@pytest.mark.parametrize("kind", KINDS)
def test_it_differentiates(kind: str) -> None:
    first, second = (value.requires_grad_() for value in layers(8))
    assert torch.autograd.gradcheck(lambda a, b: KINDS[kind](a, b, 2), (first, second))


@pytest.mark.parametrize("coherent", [False, True])
def test_re_pairing_is_uniform_for_layers_drawn_apart_and_small_for_paired_ones(coherent: bool) -> None:
    first, second = layers(9, 200, hidden=6)
    pvalues = re_pairing_pvalue(first, second, coherent=coherent, permutations=99)
    assert 0.02 <= float((pvalues <= 0.1).double().mean()) <= 0.2
    # each channel is followed by its own kernels, turned round: matched filters
    paired = first.transpose(1, 2).flip((-2, -1))
    assert float((re_pairing_pvalue(first, paired, coherent=coherent, permutations=99)).median()) <= 0.05
