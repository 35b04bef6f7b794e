"""Settings of the FIR task that are refused, and those that just are not."""

from __future__ import annotations

import numpy as np
import pytest
from draws import kernels

from indmech_bench.errors import InputError
from indmech_bench.registry.registration import get_task
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.tasks import sampling as drawing


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fir-natural:dependence=1.7", "dependence 1.7 cannot be reached"),
        ("fir-natural:dependence=0.75,taps=2x9", "dependence 0.75 cannot be reached"),
        ("fir-natural:taps=1x5", "1x5"),
        ("fir-natural:taps=9", "9x5"),
        ("fir-natural:taps=60x6", "65 taps"),
    ],
)
def test_settings_that_make_no_sense_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        get_task(text)


@pytest.mark.parametrize("dependence", [-6.0, 1.5])
def test_a_dependence_that_no_draw_reaches_is_refused(dependence: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "MAX_DRAWS", 8192)
    with pytest.raises(InputError, match="log rho"):
        get_task(f"fir-natural:dependence={dependence}")


@pytest.mark.parametrize("lengths", [(2, 2), (2, 9), (5, 3)])
def test_no_pair_reaches_the_bound_that_refuses_a_dependence(lengths: tuple[int, int]) -> None:
    ratio = ConvolutionCascade(lengths, 64).log_generic_ratio(kernels(0, lengths, 100_000))
    assert float(ratio.max()) < np.log(min(lengths))


def test_a_composite_that_just_fits_is_allowed() -> None:
    assert get_task("fir-natural:taps=60x5").lengths == (60, 5)
