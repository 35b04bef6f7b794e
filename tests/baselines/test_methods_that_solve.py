"""Methods that end at an exact solution: their fit, which solution they choose, where they give up."""

from __future__ import annotations

import pytest
from fits import SEEDS, enumerated, errors, fitted
from indmech_baselines.criteria import CRITERIA

from indmech_bench.scm.models.convolution import ConvolutionCascade


@pytest.mark.parametrize("method", ["levenberg-marquardt", "root-search-independent", "root-search-min-norm"])
def test_fits_to_machine_precision(method: str) -> None:
    assert float(errors(method, "fir-natural", tuple(range(10_000, 10_016)))["fit_error"].median()) < 1e-12


def test_root_search_finds_generic_truths() -> None:
    metrics = errors("root-search-independent", "fir-generic", tuple(range(10_000, 10_016)))
    assert float(metrics["log_generic_ratio"].abs().max()) <= 0.001
    assert float(metrics["exact"].mean()) > 0.85


def test_root_search_needs_no_phase() -> None:
    metrics = errors("root-search-min-norm", "fir-spectrum")
    assert float(metrics["fit_error"].max()) < 1e-8


def test_root_search_gives_up_on_a_replicate_alone() -> None:
    counts = errors("root-search-independent", "fir-natural")["fit_error"]
    solution = fitted("root-search-independent:limit=30", "fir-natural", SEEDS)
    found = fitted("root-search-independent", "fir-natural", SEEDS).details["solutions"]
    assert solution.parameters is not None
    finite = solution.parameters["k1"].isfinite().all(-1)
    assert finite.tolist() == (found <= 30).tolist()
    assert 0 < int(finite.sum()) < len(counts)


def test_no_solution_beats_the_choice_of_root_search_by_its_criterion() -> None:
    for name, method in (("independence", "independent"), ("norm", "min-norm"), ("flatness", "flat")):
        problem, pairs = enumerated(10_001)
        chosen = fitted(f"root-search-{method}", "fir-natural", (10_001,)).parameters
        assert chosen is not None
        model = ConvolutionCascade((9, 5), 64)
        every = CRITERIA[name](problem, pairs)
        scale = {key: value.unsqueeze(1) for key, value in chosen.items()}
        observed = problem.observations.norm(dim=-1) / model.mean(model.half_spectrum(chosen)).sqrt()
        scale["k1"] = scale["k1"] * observed.view(-1, 1, 1)
        assert float(CRITERIA[name](problem, scale)) <= float(every.min()) + 1e-6


def test_path_swap_stands_at_a_solution() -> None:
    metrics = errors("path-swap", "fir-natural", tuple(range(10_000, 10_016)))
    assert float(metrics["fit_error"].median()) < 1e-12
