"""The section of its own for tasks that start at the truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import Cli, outcomes

from indmech_bench.analysis.drift import _sentence
from indmech_bench.statistics.estimates import median_interval

SGD = "sgd:learning_rate=0.001,momentum=0,batch=8,cosine=false,checkpoints=4,steps=20"


def test_training_starts_at_the_truth_and_the_way_is_scored() -> None:
    rows = outcomes(SGD, [0, 1], "drift")
    for row in rows.values():
        way = {name: value for name, value in row["details"].items() if name.startswith("extrapolation_error@")}
        assert sorted(int(name.partition("@")[2]) for name in way) == [0, 5, 10, 15, 20]
        assert way["extrapolation_error@0"] < 1e-20
        assert way["extrapolation_error@20"] == row["metrics"]["extrapolation_error"] > 0
        assert row["details"]["log_generic_ratio@0"] == pytest.approx(row["truth"]["log_generic_ratio"], abs=1e-9)


def test_drift_is_shown_and_never_ranked(cli: Cli, tmp_path: Path) -> None:
    assert cli("run", "--task", "drift", "--method", SGD, "--seeds", "8", "--out", "r").returncode == 0
    shown = cli("drift", "r").stdout
    assert "stays at the truth (e " in shown
    lines = shown.splitlines()
    assert [line.split()[0] for line in (lines[1], *lines[3:8])] == ["step", "0", "5", "10", "15", "20"]
    ranked = cli("leaderboard", "r")
    assert ranked.returncode == 2
    assert "'r' holds only tasks that start at the truth: see indmech-bench drift r." in ranked.stderr
    cli("run", "--task", "fir-natural", "--method", "adam:steps=2", "--seeds", "1", "--out", "r")
    (section,) = json.loads(cli("leaderboard", "r", "--format", "json").stdout)["sections"]
    assert section["tasks"] == ["fir-natural"]


def test_what_is_missing_is_said(cli: Cli) -> None:
    cli("run", "--task", "fir-natural", "--method", "adam:steps=2", "--seeds", "1", "--out", "r")
    assert "'r' holds no task that starts at the truth: run the suite drift." in cli("drift", "r").stderr
    cli("run", "--task", "drift", "--method", "adam:steps=2", "--seeds", "1", "--out", "s")
    assert "'s' has no checkpoints: give the method the setting checkpoints." in cli("drift", "s").stderr


@pytest.mark.parametrize(
    ("fit", "error", "change", "sentence"),
    [
        (1e-4, 1e-3, 0.0, "stays at the truth"),
        (1e-4, 0.5, 0.3, "leaves the truth at a fit"),
        (0.5, 0.5, 0.3, "leaves the fit"),
        (1e-4, 0.5, 0.3, "log rho rises towards balance"),
        (1e-4, 0.5, -0.3, "log rho falls"),
        (1e-4, 0.5, 0.0, "log rho does not move measurably"),
        (None, None, None, "leaves the fit"),
    ],
)
def test_a_setting_gets_the_sentence_that_its_numbers_say(
    fit: float | None, error: float | None, change: float | None, sentence: str
) -> None:
    generator = np.random.default_rng(3)
    rows = []
    for _ in range(32):
        before, noise = generator.normal(), 0.01 * generator.normal()
        after = None if change is None else before + change + noise
        end = {"fit_error@9": fit, "extrapolation_error@9": error, "log_generic_ratio@9": after}
        begin = {"fit_error@0": 0.0, "extrapolation_error@0": 0.0, "log_generic_ratio@0": before}
        rows.append({"details": begin | end})
    assert sentence in _sentence(rows, [0, 9])


def test_the_median_interval_covers_in_95_percent() -> None:
    generator = np.random.default_rng(7)
    for n in (6, 32, 33, 100):
        draws = np.exp(generator.standard_normal((4000, n)))
        intervals = [median_interval(row) for row in draws]
        covered = np.mean([pair is not None and pair[0] <= 1.0 <= pair[1] for pair in intervals])
        assert 0.944 <= covered <= 0.985
    assert median_interval([1.0] * 5) is None
