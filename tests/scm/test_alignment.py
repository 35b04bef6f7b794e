"""Distance of kernels up to delays and signs, against brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from draws import Array, each_seed, kernels

from indmech_bench.scm.models.alignment import kernel_error


def brute(made: list[Array], true: list[Array], n: int, ties: str) -> Array:
    """Least over all delays that `ties` allows, and signs."""
    sides = []
    for side in (made, true):
        padded = [np.pad(kernel, ((0, 0), (0, n - kernel.shape[-1]))) for kernel in side]
        sides.append([kernel / np.linalg.norm(kernel, axis=-1, keepdims=True) for kernel in padded])
    count = len(made)
    if ties == "opposite":
        allowed = [(d,) * (count - 1) + (-d,) for d in range(n)]
    else:
        every = itertools.product(range(n), repeat=count)
        allowed = [delays for delays in every if ties == "free" or sum(delays) % n == 0]
    best = np.full(len(made[0]), np.inf)
    for delays in allowed:
        total = np.zeros(len(best))
        for kernel, other, delay in zip(*sides, delays, strict=True):
            moved = np.roll(kernel, delay, -1)
            total += np.minimum(((moved - other) ** 2).sum(-1), ((moved + other) ** 2).sum(-1))
        best = np.minimum(best, total / count)
    return np.sqrt(best)


@pytest.mark.parametrize("ties", ["sum", "opposite", "free"])
@pytest.mark.parametrize(("lengths", "n"), [((3, 4, 2), 6), ((2, 3, 3), 7), ((4, 3), 8), ((2, 2, 2, 3), 5)])
@each_seed(5)
def test_the_error_is_the_least_over_all_delays(lengths: tuple[int, ...], n: int, ties: str, seed: int) -> None:
    made, true = ([*kernels(seed + index, lengths, 3).values()] for index in (0, 1))
    expected = brute([kernel.numpy() for kernel in made], [kernel.numpy() for kernel in true], n, ties)
    assert np.allclose(kernel_error(made, true, n, ties).numpy(), expected, rtol=1e-9)


@pytest.mark.parametrize(("ties", "delays"), [("sum", (2, -3, 1)), ("opposite", (2, 2, -2)), ("free", (1, 5, 3))])
@each_seed(5)
def test_delays_that_are_allowed_are_no_error(ties: str, delays: tuple[int, int, int], seed: int) -> None:
    true = [*kernels(seed, (8, 8, 8), 2).values()]
    moved = [-kernel.roll(delay, -1) for kernel, delay in zip(true, delays, strict=True)]
    assert float(kernel_error(moved, true, 8, ties).max()) < 1e-7


@pytest.mark.parametrize(("ties", "delays"), [("sum", (1, 0, 0)), ("opposite", (2, -2, 0))])
@each_seed(5)
def test_delays_that_are_not_allowed_are_an_error(ties: str, delays: tuple[int, int, int], seed: int) -> None:
    true = [*kernels(seed, (8, 8, 8), 2).values()]
    moved = [kernel.roll(delay, -1) for kernel, delay in zip(true, delays, strict=True)]
    assert float(kernel_error(moved, true, 8, ties).min()) > 0.05


def test_a_kernel_of_nan_stays_alone() -> None:
    made, true = ([*kernels(index, (4, 3, 2), 3).values()] for index in (0, 1))
    clean = kernel_error(made, true, 8, "sum")
    made[1][1, 0] = torch.nan
    spoilt = kernel_error(made, true, 8, "sum")
    assert torch.equal(spoilt[[0, 2]], clean[[0, 2]])
    assert bool(spoilt[1].isnan())
