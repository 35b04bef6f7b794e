"""Regularised methods end alike: one default of `release` and of `polish` for all, and a protocol in which all fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from draws import problem_of

import indmech_bench
from indmech_bench import Objective
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import get_method

METHODS = {entry.name: entry for entry in Catalogue.read().of_kind("method")}
RELEASED = [name for name, entry in METHODS.items() if "release" in entry.defaults]
POLISHED = [name for name, entry in METHODS.items() if "polish" in entry.defaults]
STEPS = 40


def test_every_method_that_minimises_more_than_the_fit_lets_go_of_it() -> None:
    problem = problem_of("fir-samples", [0])
    for name in METHODS:
        method = get_method(name)
        if not isinstance(method, indmech_bench.GradientMethod):
            continue
        objectives = [phase.objective for phase in method.phases(problem)]
        regularised = any(not isinstance(o, Objective) or o.independence is not None or o.decay for o in objectives)
        assert regularised == (name in RELEASED), name
    assert len(RELEASED) == 12


def test_all_regularised_methods_end_alike_by_default() -> None:
    assert {METHODS[name].defaults["release"] for name in RELEASED} == {0.2}
    assert {METHODS[name].defaults["polish"] for name in POLISHED} == {False}
    single = [name for name in RELEASED if "starts" not in METHODS[name].defaults]
    assert set(single) <= set(POLISHED)


@pytest.mark.parametrize("name", RELEASED)
@pytest.mark.parametrize("release", [0.0, 0.25, 0.9])
def test_the_last_steps_minimise_the_fit_alone(name: str, release: float) -> None:
    problem = problem_of("fir-natural", [0])
    method = get_method(f"{name}:steps={STEPS},release={release}")
    for phase in method.phases(problem):
        objective = phase.objective
        steps = [step for part in phase.steps or (range(STEPS),) for step in part]
        alone = isinstance(objective, Objective) and objective.independence is None and not objective.decay
        if not alone:
            assert max(steps, default=0) < round((1 - release) * STEPS)
    assert sum(len(part) for phase in method.phases(problem) for part in phase.steps or (range(STEPS),)) == STEPS


def test_matched_fit_rows_stand_beside_and_fit(tmp_path: Path) -> None:
    methods = [
        "independence-penalty:steps=300",
        "weight-decay:steps=300,polish=true",
        "multistart-fit:steps=50,starts=2",
    ]
    options = {"tasks": ["fir-natural"], "methods": methods, "seeds": "6", "jobs": 0, "with_references": False}
    indmech_bench.run(**options, matched_fit=True, out=tmp_path / "r")
    rows = indmech_bench.load(tmp_path / "r")
    assert sorted(rows.groupby("label").size().to_dict()) == [
        "independence-penalty [matched-fit]",
        "independence-penalty:steps=300",
        "multistart-fit:steps=50,starts=2",
        "weight-decay:steps=300,polish=true",
    ]
    fit = rows.groupby("label")["metrics.fit_error"].median()
    assert fit["independence-penalty [matched-fit]"] < 1e-12
    assert fit["independence-penalty:steps=300"] > 1e-9


def test_many_starts_with_and_without_a_penalty_do_not_share_a_search() -> None:
    searched = []
    for text in ("multistart-penalised", "multistart-penalised:strength=1", "multistart-independent", "multistart-fit"):
        problem = problem_of("fir-natural", [0])
        get_method(f"{text}{',' if ':' in text else ':'}steps=20,starts=2").fit(problem)
        (name,) = problem._searches.found
        searched.append(name)
    assert searched[2] == searched[3]
    assert len(set(searched)) == 3
