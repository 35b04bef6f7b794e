"""Tuning: who is chosen by what, what it shows, and when nothing is."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from conftest import Cli
from folders import rows_of
from methods import METHODS
from tunings import CATALOGUE, GRID, SHORT, tune_in_place

from indmech_bench.harness.tuning.candidates import Candidate, choose
from indmech_bench.harness.tuning.settings_file import read_tuned
from indmech_bench.registry.notation import Named


def test_each_protocol_chooses_by_its_own_metric(tuned: Path) -> None:
    chosen = {p: read_tuned(tuned / f"{p}.toml", CATALOGUE) for p in ("blind", "oracle")}
    assert {p: one.method.settings["learning_rate"] for p, one in chosen.items()} == {"blind": 0.1, "oracle": 0.01}
    assert {p: one.content["median"] for p, one in chosen.items()} == {"blind": 0.1, "oracle": 0.1}
    assert {p: one.protocol for p, one in chosen.items()} == {"blind": "tuned-blind", "oracle": "tuned-oracle"}


def candidate(value: float, changed: int) -> Candidate:
    return Candidate(Named(METHODS[0], {}), changed, value, value, None, 0)


@pytest.mark.parametrize(
    ("values", "chosen"),
    [
        ([(0.1, 0), (0.05, 1)], 1),
        ([(0.1, 0), (0.1 * (1 - 5e-7), 1)], 0),
        ([(0.1, 0), (0.1 * (1 - 1e-5), 1)], 1),
        ([(1e-20, 0), (1e-30, 1)], 0),
        ([(math.inf, 0), (0.1, 2), (0.1, 1), (0.1, 1)], 2),
        ([(math.inf, 0), (math.inf, 1)], None),
    ],
)
def test_the_least_is_chosen_and_ties_go_to_the_nearest(values: list[tuple[float, int]], chosen: int | None) -> None:
    judged = [candidate(value, changed) for value, changed in values]
    assert choose(judged) is (None if chosen is None else judged[chosen])


def test_blind_shows_no_extrapolation_error_and_marks_the_chosen(cli: Cli, tmp_path: Path) -> None:
    made = cli(*SHORT, *GRID, "--protocol", "blind")
    assert made.returncode == 0
    lines = made.stdout.splitlines()
    assert lines[0].split() == ["candidate", "fit", "(median)", "failed"]
    fits = [float(line.split()[-2]) for line in lines[2:5]]
    assert [line.startswith("*") for line in lines[2:5]] == [fit == min(fits) for fit in fits]
    file = "results/tuning/adam-steps-20-fir-natural-blind.toml"
    assert lines[-1].endswith(f"use it with: indmech-bench run --settings {file}")
    assert (tmp_path / file).is_file()
    assert {row["seed"] for row in rows_of((tmp_path / file).with_suffix(""))} == {10000, 10001, 10002}


def test_oracle_shows_the_extrapolation_error(tuned: Path) -> None:
    assert "e (median)" in str(tune_in_place(tuned / "oracle.toml", "oracle"))


def test_candidates_that_fail_lose(tmp_path: Path) -> None:
    made = tune_in_place(tmp_path / "t.toml", method="adam:learning_rate=0.1", grid=["steps=10|30"], budget=50)
    assert [one.failed for one in made.candidates] == [3, 0, 3]
    assert read_tuned(made.file, CATALOGUE).method.settings["steps"] == 10


def test_where_all_candidates_fail_nothing_is_written(cli: Cli, tmp_path: Path) -> None:
    made = cli(*SHORT, *GRID, "--protocol", "blind", "--out", "t.toml", "--budget", "5")
    assert made.returncode == 1
    assert "every candidate failed on half of the seeds or more, so nothing was written; budget: a step" in made.stderr
    assert not (tmp_path / "t.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["adam", "--seeds", "0-31"], "--seeds '0-31' are scored: tune on seeds within 10000-19999"),
        (["adam", "--protocol", "blnd"], "did you mean 'blind'?"),
        (["oracle"], "'oracle' is a reference"),
        (["adma"], "did you mean 'adam'?"),
        (["adam", "--grid", "rate=1|2"], "unknown setting of method 'adam' 'rate'"),
        (["adam", "--grid", "learning_rate=1|-2"], "must be in (0, inf), not -2"),
        (["adam", "--grid", "learning_rate=1|"], "must be a finite number, not ''"),
        (["adam", "--grid", "learning_rate"], "is not of the form setting=value|value"),
        (["adam:steps=9", "--grid", "steps=1"], "setting 'steps' is given by 'adam:steps=9' already"),
        (["adam", "--grid", "steps=1", "--grid", "steps=2"], "is given in another --grid already"),
        (["multistart-fit", "--grid", "criterion=norm"], "is fixed by the name"),
        (["adam:learning_rate=1,init_scale=1"], "has no grid of its own to tune: give --grid"),
        (["adam", "--out", "adam"], "must end in .toml"),
        (["adam", "--budget", "0"], "--budget 0 must be"),
    ],
)
def test_a_wrong_tuning_gets_one_sentence(cli: Cli, tmp_path: Path, arguments: list[str], sentence: str) -> None:
    made = cli("tune", "--task", "fir-natural", "--protocol", "blind", *arguments)
    assert (made.returncode, made.stdout) == (2, "")
    assert sentence in made.stderr
    assert len(made.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
