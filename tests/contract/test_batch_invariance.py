"""A row's bits depend on nothing but its own seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import outcomes
from contracts import lacks_weights
from methods import METHODS, home, quick

import indmech_bench
from indmech_bench.registry.catalogue import Catalogue

OF_FAMILIES = {
    "toy-faces": "toy-faces-single",
    "fluo-faces": "fluo-faces:faces=4",
    "physics": "seismic-sparse:taps=9x12",
}
REFERENCES = {
    entry.name: OF_FAMILIES[entry.facts["families"][0]] if entry.facts["families"] else "fir-natural"
    for entry in Catalogue.read().of_kind("reference")
}
"""Each with a task that it stands beside."""
NAN_START = '''
import torch
from dataclasses import dataclass
from indmech_bench import register_method
from indmech_bench import AdamRule, Objective, Phase, levenberg_marquardt, train

@register_method("poisoned")
@dataclass(frozen=True)
class Poisoned:
    """Adam whose start is NaN wherever the observation's first tap is positive; with every shared part after it."""

    poison: bool = True

    def fit(self, problem):
        start = problem.start(starts=2)
        if self.poison:
            bad = (problem.observations[:, 0] > 0)[:, None, None]
            start = {name: torch.where(bad, torch.nan, value) for name, value in start.items()}
        phase = Phase(Objective(independence=1.0, ratios="intervened"), AdamRule(0.02))
        trained, loss = levenberg_marquardt(problem, train(problem, start, phase, 60), 20)
        return problem.solution({name: value[:, 0] for name, value in trained.items()}, loss=loss[:, 0])
'''


def same(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Bitwise equality of what a row must not let its batch change."""
    return all(first[name] == second[name] for name in ("status", "metrics", "truth", "details", "cost"))


@pytest.mark.parametrize(
    ("method", "task"),
    [*((quick(entry), home(entry)) for entry in METHODS), *REFERENCES.items()],
)
def test_seed_seven_is_the_same_alone_among_32_and_last_of_17(method: str, task: str) -> None:
    alone = outcomes(method, [7], task)[7]
    assert alone["metrics"]
    assert same(alone, outcomes(method, list(range(32)), task)[7])
    assert same(alone, outcomes(method, [*range(100, 116), 7], task)[7])


@pytest.mark.parametrize("task", ["fir-graded", "fir-generic", "fir-dependent-minus:taps=8x4", "fir-natural:noise=20"])
def test_tasks_are_batch_invariant(task: str) -> None:
    method = "multistart-independent:steps=40,starts=3"
    assert same(outcomes(method, [7], task)[7], outcomes(method, list(range(9)), task)[7])


# one task of each way of drawing and of showing a truth, the quickest to draw
SHOWN: dict[tuple[str, object], str] = {}
for _entry in Catalogue.read().of_kind("task"):
    if lacks_weights(_entry.name):
        continue
    SHOWN.setdefault((_entry.attribute, _entry.defaults.get("observation")), _entry.name)
MANY, ONE = "multistart-independent:steps=20,starts=3", "sgd:steps=20"
UNPOLISHED = {"ica-hyperbolic-secant", "digits-vae"}
"""Tasks that many starts skip: their loss has no residuals to polish by, or they are networks, which have one start."""


@pytest.mark.parametrize(
    ("task", "method"),
    [
        (task, method)
        for task in (*SHOWN.values(), "deep-5-k2", "environments-4")
        for method in ((ONE,) if task in UNPOLISHED else (MANY, ONE))
    ],
)
def test_families_are_batch_invariant(task: str, method: str) -> None:
    alone = outcomes(method, [7], task)[7]
    assert alone["metrics"]
    assert same(alone, outcomes(method, list(range(17)), task)[7])
    assert same(alone, outcomes(method, [100, 101, 7], task)[7])


@pytest.mark.parametrize("task", ["fluo-faces:faces=4", "toy-vae:images=32"])
@pytest.mark.parametrize("method", ["independence-penalty:steps=20", "sparse-layout:steps=20"])
def test_images_in_colour_are_batch_invariant(task: str, method: str) -> None:
    alone = outcomes(method, [7], task)[7]
    assert alone["metrics"]
    assert same(alone, outcomes(method, [100, 101, 7], task)[7])


def test_float32_is_batch_invariant() -> None:
    method = "multistart-min-norm:steps=60,starts=3"
    alone = outcomes(method, [7], precision="float32")[7]
    assert same(alone, outcomes(method, list(range(32)), precision="float32")[7])
    assert alone["metrics"] != outcomes(method, [7])[7]["metrics"]


def test_a_nan_stays_alone(tmp_path: Path) -> None:
    plugin = tmp_path / "poisoned.py"
    plugin.write_text(NAN_START)
    poisoned = outcomes("poisoned", list(range(16)), plugins=[plugin])
    clean = outcomes("poisoned:poison=false", list(range(16)), plugins=[plugin])
    bad = [seed for seed, row in poisoned.items() if row["status"] == "nonfinite"]
    assert 3 <= len(bad) <= 13
    assert all(row["status"] == "ok" for row in clean.values())
    assert all(same(poisoned[seed], clean[seed]) for seed in poisoned if seed not in bad)


def test_any_number_of_jobs_gives_the_same_rows(tmp_path: Path) -> None:
    rows = {}
    for jobs in (0, 1, 2):
        out = tmp_path / f"jobs{jobs}"
        report = indmech_bench.run(
            tasks=["fir-natural"], methods=["adam:steps=50"], seeds="70" if jobs else "5-8", out=out, jobs=jobs
        )
        assert report.failed == 0
        table = indmech_bench.load(out)
        kept = [name for name in table.columns if name.startswith(("metrics.", "truth.")) or name == "cost"]
        rows[jobs] = table[table["seed"].between(5, 8)].sort_values(["method", "seed"])[["method", "seed", *kept]]
    assert rows[0].to_csv(index=False) == rows[1].to_csv(index=False) == rows[2].to_csv(index=False)
