"""The contract of every method: to run or to say why not, to tell its settings, to keep a NaN to its replicate."""

from __future__ import annotations

import pytest
import torch
from draws import problem_of, truth_of
from fits import SEEDS
from methods import METHODS, home, quick

from indmech_bench.conformance.trials import Bench
from indmech_bench.errors import UnsupportedError
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import Entry, setting_docs
from indmech_bench.registry.registration import get_method, resolve
from indmech_bench.scoring.scores import score

# one task of each kind of observation and model
TASKS = (
    "fir-natural",
    "fir-spectrum",
    "fir-samples",
    "full-cascade-small",
    "deep-5-k1",
    "environments-2",
    "fork",
    "linear-gaussian-natural",
    "linear-gaussian-samples",
    "linear-environments",
    "ica-hyperbolic-secant",
)


@pytest.mark.parametrize("entry", METHODS, ids=lambda entry: entry.name)
def test_a_method_runs_or_says_why_not(entry: Entry) -> None:
    ran, reasons = [], []
    for task in dict.fromkeys((*TASKS, home(entry))):
        problem = problem_of(task, SEEDS[:2])
        try:
            solution = get_method(quick(entry, steps="3", starts="2", sweeps="1")).fit(problem)
        except UnsupportedError as error:
            reasons.append(str(error))
            continue
        ran.append(task)
        metrics = score(truth_of(task, SEEDS[:2]), solution)
        assert bool(metrics["extrapolation_error"].isfinite().all())
        assert bool((problem.spent > 0).all())
    assert home(entry) in ran
    assert all(20 < len(reason) < 200 for reason in reasons)


@pytest.mark.parametrize("entry", METHODS, ids=lambda entry: entry.name)
def test_a_method_says_what_each_setting_is(entry: Entry) -> None:
    assert len(entry.doc.splitlines()) > 3
    described = setting_docs(entry.doc)
    for setting in entry.settings:
        assert setting.fixed or setting.doc or setting.name in described, setting.name


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("homomorphic", "fir-natural"),
        ("homomorphic", "fir-samples"),
        ("root-search-flat", "fir-natural"),
        ("root-search-min-norm", "fir-spectrum"),
        ("path-swap", "fir-natural"),
        ("alternating-least-squares", "fir-natural"),
        ("approximate-gcd", "environments-2"),
        ("noise-aware-gcd", "environments-2"),
        ("joint-diagonalisation", "linear-environments"),
        ("fast-ica", "linear-gaussian-samples"),
        ("picard", "ica-laplace"),
    ],
)
def test_an_observation_that_is_not_finite_ends_no_other_replicate(name: str, task: str) -> None:
    """Libraries raise for a NaN where the shared loop does not."""
    catalogue = Catalogue.read()
    bench = Bench(resolve(catalogue, "method", quick(catalogue.find("method", name))), resolve(catalogue, "task", task))
    clean, poisoned = bench.run((0, 1, 2)), bench.run((0, 1, 2), poisoned=1)
    assert (poisoned.status, poisoned.reason) == ("ok", "")
    assert not all(bool(value.isfinite().all()) for value in poisoned.rows[1].values())
    for seed in (0, 2):
        for key, value in clean.rows[seed].items():
            assert torch.allclose(poisoned.rows[seed][key].double(), value.double(), rtol=1e-9, atol=1e-12)
