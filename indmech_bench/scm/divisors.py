"""The kernel that several composites have in common, as linear algebra: how well data determine it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from scipy.linalg import convolution_matrix

from indmech_bench.scm.factorisation import Array


def sylvester(composites: Sequence[Array], private: int) -> Array:
    """S with S (k_1^(1), ..., k_1^(E)) = (c_e * k_1^(f) - c_f * k_1^(e)) for all pairs e < f of environments.

    Composites c_e (L,), own kernels of `private` taps: ((E choose 2) (L + private - 1), E private). The own kernels are
    its null space where they have no zero in common.
    """
    count = len(composites)
    blocks = []
    for e, f in itertools.combinations(range(count), 2):
        block = np.zeros((len(composites[0]) + private - 1, count * private))
        block[:, f * private : (f + 1) * private] = convolution_matrix(composites[e], private)
        block[:, e * private : (e + 1) * private] = -convolution_matrix(composites[f], private)
        blocks.append(block)
    return np.concatenate(blocks)


def sylvester_condition(own: Array, shared: Array) -> float:
    """Largest over least but one singular value of the Sylvester matrix of composites of unit norm; the least is 0.

    Noise of relative size t on the composites turns the null vector, the closed form, by about t times this.

    Args:
        own: kernels (E, L1).
        shared: kernel (L2,).
    """
    composites = [np.convolve(kernel, shared) for kernel in own]
    values = np.linalg.svd(sylvester([c / np.linalg.norm(c) for c in composites], own.shape[-1]), compute_uv=False)
    return float(values[0] / values[-2])


def jacobian(own: Array, shared: Array) -> Array:
    """Derivative of all composites (E L,) by own kernels and the shared one: (E L, E L1 + L2), L = L1 + L2 - 1."""
    environments, private = own.shape
    by_own = np.kron(np.eye(environments), convolution_matrix(shared, private))
    by_shared = np.concatenate([convolution_matrix(kernel, len(shared)) for kernel in own])
    return np.concatenate([by_own, by_shared], 1)


def limit_snr(own: Array, shared: Array, n: int, error: float) -> tuple[float, float]:
    """What white noise leaves of the shared kernel: condition of the problem, and the signal-to-noise ratio it needs.

    The Cramer-Rao bound of k_2, up to scale: with J the derivative of composites of mean power 1 on n samples and noise
    of variance s^2 / n a tap, E|k_2_hat - k_2|^2 / |k_2|^2 >= s^2 tr(V_2) / n, V_2 the block of k_2 in (J'J)^+ by
    kernels of unit norm.

    Args:
        own: kernels (E, L1), composites of mean power 1.
        shared: kernel (L2,).
        n: samples.
        error: mean squared error of k_2 relative to |k_2|^2 that is asked for.

    Returns:
        largest over least singular value of J but that of the scale, which is 0; 10 log10 (1 / s^2) at which the bound
        is `error`.
    """
    scale = np.linalg.norm(shared)
    J = jacobian(own * scale, shared / scale)
    _, values, right = np.linalg.svd(J, full_matrices=False)
    of_shared = np.square(right[:-1, -len(shared) :]).sum(-1)
    bound = (of_shared / np.square(values[:-1])).sum() / n
    return float(values[0] / values[-2]), float(10 * np.log10(bound / error))
