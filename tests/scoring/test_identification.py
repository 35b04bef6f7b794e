"""When a truth counts as identified, and when as found exactly."""

from __future__ import annotations

import pytest
import torch
from cascades import near
from draws import truth_of

from indmech_bench.scoring.evaluation import equivalence_gap
from indmech_bench.scoring.references import of_parameters
from indmech_bench.scoring.scores import score


@pytest.mark.parametrize(
    ("size", "identified"), [(0.0, 1.0), (1e-4, 1.0), (0.3, 0.0), (10.0, 0.0)], ids=["truth", "close", "off", "far"]
)
def test_identified_is_a_small_error_with_a_small_fit_error(size: float, identified: float) -> None:
    truth = truth_of("fir-natural", range(20))
    metrics = score(truth, of_parameters(truth, near(0, truth, size)))
    small = (metrics["extrapolation_error"] < 0.01) & (metrics["fit_error"] < 1e-3)
    assert torch.equal(metrics["identified"], small.double())
    assert float(metrics["identified"].mean()) == identified


def test_a_small_error_is_not_identified_without_a_fit() -> None:
    truth = truth_of("fir-natural", range(20))
    slightly_louder = truth.model.rescale(truth.parameters, torch.full((20,), 1.05, dtype=torch.float64))
    metrics = score(truth, of_parameters(truth, slightly_louder))
    below = metrics["extrapolation_error"] < 0.01
    assert bool((below & (metrics["fit_error"] > 1e-3)).any())
    assert not bool(metrics["identified"].any())


@pytest.mark.parametrize("size", [1e-6, 1e-4, 1e-3, 1e-2])
def test_exact_is_an_equivalence_gap_below_a_thousandth(size: float) -> None:
    truth = truth_of("fir-natural", range(20))
    parameters = near(0, truth, size)
    gap = equivalence_gap(truth, parameters)
    metrics = score(truth, of_parameters(truth, parameters))
    assert torch.equal(metrics["equivalence_gap"], gap)
    assert torch.equal(metrics["exact"], (gap < 1e-3).double())
