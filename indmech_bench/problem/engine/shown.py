"""An observation as data for kernels."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from indmech_bench.problem.engine.arrays import Floats, Real, padded_bins
from indmech_bench.problem.engine.kernels.kernel import Shown
from indmech_bench.problem.engine.kernels.losses import IMPULSE, SAMPLES, SPECTRUM
from indmech_bench.scm.observations.impulse import Impulse
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.observations.samples import Samples
from indmech_bench.scm.observations.spectrum import Spectrum


def shown_of(observation: Observation, dtype: Real) -> Shown | None:
    """The observation as data; None for one that is no impulse, spectrum or samples of kernels, or built on these."""
    if type(observation) is Impulse:
        kernel = _outputs(observation.kernel, 2)
        transfer = np.fft.rfft(kernel)
        pair = (_padded(part, kernel.shape[-1]) for part in (transfer.real, transfer.imag))
        return _law(IMPULSE, np.stack([*pair], -2), np.square(kernel).sum(-1), dtype)
    if type(observation) is Spectrum:
        spectrum = _outputs(observation.spectrum, 2)
        power = _outputs(observation.model.mean(observation.spectrum), 1)
        return _law(SPECTRUM, _padded(np.sqrt(spectrum), observation.model.n)[..., None, :], power, dtype)
    if type(observation) is Samples:
        return _samples(observation, dtype)
    return None


def factors_of(factors: Tensor | None, n: int, dtype: Real) -> Floats | None:
    """Factors on what B steps see, (R, B, [E,] n // 2 + 1) -> (R, B, E, F) on padded frequencies."""
    if factors is None:
        return None
    array: Floats = factors.detach().numpy().astype(dtype)
    return _padded(array[:, :, None] if array.ndim == 3 else array, n)


def _outputs(value: Tensor, axes: int) -> Floats:
    """(R, ...) or (R, E, ...) -> (R, E, ...) in float64; `axes` are those without the one of outputs."""
    array: Floats = value.detach().double().numpy()
    return array[:, None] if array.ndim == axes else array


def _padded(half: Floats, n: int) -> Floats:
    return np.pad(half, [(0, 0)] * (half.ndim - 1) + [(0, padded_bins(n) - half.shape[-1])])


def _law(kind: int, target: Floats, power: Floats, dtype: Real) -> Shown:
    share = 1 / (power * power.shape[1])
    nothing = np.zeros((len(target), 1))
    return Shown(
        kind,
        np.ascontiguousarray(target, dtype),
        np.ascontiguousarray(share, dtype),
        nothing.astype(dtype),
        nothing[:, 0].astype(dtype),
        np.zeros((1, 1, 1, 1), dtype),
    )


def _samples(observation: Samples, dtype: Real) -> Shown:
    periodograms = _outputs(observation.periodograms, 3)
    floor = _outputs(observation.floor, 1)
    n = observation.model.n
    bins = np.arange(n // 2 + 1)
    single = np.ascontiguousarray(_padded((periodograms[..., bins] + periodograms[..., -bins % n]) / 2, n))
    # replicate by replicate, from one layout: the order of numpy's sums depends on the whole
    with np.errstate(divide="ignore"):
        constant = np.array([-np.log(own.mean(-2)).mean() - 1 for own in periodograms])
    return Shown(
        SAMPLES,
        np.stack([own.mean(-2, keepdims=True) for own in single]).astype(dtype),
        np.full(floor.shape, 1 / floor.shape[1], dtype),
        np.ascontiguousarray(floor, dtype),
        constant.astype(dtype),
        np.ascontiguousarray(single, dtype),
    )
