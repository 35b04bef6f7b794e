"""Zeros of kernels: shared out among the kernels of a chain, exchanged between them, brought to minimum phase."""

from __future__ import annotations

import functools

import numpy as np
from draws import each_seed, kernels
from indmech_baselines.factoring import minimum_phase, shared_out
from indmech_baselines.homomorphic import _minimum_phase
from indmech_baselines.path_swap import exchanges

from indmech_bench.scm.factorisation import count_solutions
from indmech_bench.scm.solution_lists import enumerate_solutions


@each_seed(15)
def test_zeros_of_a_chain_are_shared_out_in_every_way(seed: int) -> None:
    lengths = (4, 3, 3)
    truth = [value[0].numpy() for value in kernels(seed, lengths, 1).values()]
    composite = functools.reduce(np.convolve, truth)
    found = shared_out(composite, lengths, 1000)
    assert found is not None
    for solution in zip(*found, strict=True):
        assert np.allclose(functools.reduce(np.convolve, solution), composite, atol=1e-8)
    # the truth is among them, kernel by kernel up to scale
    cosines = [
        np.abs(kernel @ one) / np.linalg.norm(kernel, axis=-1) / np.linalg.norm(one)
        for kernel, one in zip(found, truth, strict=True)
    ]
    assert np.min(cosines, axis=0).max() > 1 - 1e-6
    first = enumerate_solutions(composite, (4, 5))[1]
    assert len(found[0]) == sum(count_solutions(tail, (3, 3)) for tail in first)
    assert shared_out(composite, lengths, len(found[0]) - 1) is None


@each_seed(20)
def test_minimum_phase_keeps_the_autocorrelation_and_no_outer_zero(seed: int) -> None:
    kernel = kernels(seed, (7,))["k1"].numpy()
    correlation = np.fft.irfft(np.abs(np.fft.rfft(kernel, n=32)) ** 2, n=32)
    made = minimum_phase(correlation, 7)
    assert np.allclose(np.abs(np.fft.rfft(made, n=32)), np.abs(np.fft.rfft(kernel, n=32)), atol=1e-6)
    assert np.abs(np.roots(made)).max() < 1 + 1e-6


@each_seed(15)
def test_a_kernel_of_minimum_phase_has_its_cepstrum(seed: int) -> None:
    taps = np.random.default_rng(seed).standard_normal(6)
    spectrum = np.abs(np.fft.rfft(taps, n=64)) ** 2 + 0.05
    made = _minimum_phase(np.fft.irfft(np.log(spectrum), n=64))
    assert np.allclose(np.abs(np.fft.rfft(made)) ** 2, spectrum)


@each_seed(15)
def test_an_exchange_of_zeros_keeps_the_convolution_and_the_lengths(seed: int) -> None:
    truth = [value.numpy() for value in kernels(seed, (5, 4, 3)).values()]
    composite = functools.reduce(np.convolve, truth)
    swapped = exchanges(truth)
    for made in swapped:
        assert [len(kernel) for kernel in made] == [5, 4, 3]
        assert np.allclose(functools.reduce(np.convolve, made), composite, atol=1e-8)
        assert any(not np.allclose(a, b) for a, b in zip(made, truth, strict=True))


@each_seed(10)
def test_exchanges_reach_every_solution_of_two_kernels(seed: int) -> None:
    start = [value.numpy() for value in kernels(seed, (4, 3)).values()]

    def name(pair: list[np.ndarray]) -> tuple[float, ...]:
        unit = pair[0] / np.linalg.norm(pair[0])
        return tuple(np.round(unit * np.sign(unit[np.abs(unit).argmax()]), 5) + 0.0)

    seen, waiting = {name(start)}, [start]
    while waiting:
        for made in exchanges(waiting.pop()):
            if name(made) not in seen:
                seen.add(name(made))
                waiting.append(made)
    assert len(seen) == count_solutions(np.convolve(*start), (4, 3))
