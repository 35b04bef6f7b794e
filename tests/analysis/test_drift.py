"""The section of its own for tasks that start at the truth."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Cli, outcomes
from folders import rows_of, write_folder, write_rows

from indmech_bench.analysis.drift.course import Course
from indmech_bench.analysis.drift.reading import courses
from indmech_bench.analysis.drift.verdicts import beyond, sentence, verdict
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import resolve
from indmech_bench.statistics.estimates import median_interval

SGD = "sgd:learning_rate=0.001,momentum=0,batch=8,cosine=false,checkpoints=4,steps=20"
QUIET, NOISY, LABELS = "sgd:batch=none", "sgd:batch=8", "sgd:batch=none,label_noise=0.25"
SEEDS = 32
LARGEST = 0.5
"""The largest log rho of every hand-made truth, which begins at log rho 0 or so."""


def test_training_starts_at_the_truth_and_the_way_is_scored() -> None:
    rows = outcomes(SGD, [0, 1], "drift")
    for row in rows.values():
        way = {name: value for name, value in row["details"].items() if name.startswith("extrapolation_error@")}
        assert sorted(int(name.partition("@")[2]) for name in way) == [0, 2, 4, 9, 20]
        assert way["extrapolation_error@0"] < 1e-20
        assert way["extrapolation_error@20"] == row["metrics"]["extrapolation_error"] > 0
        assert row["details"]["log_generic_ratio@0"] == pytest.approx(row["truth"]["log_generic_ratio"], abs=1e-9)


def test_drift_is_shown_and_never_ranked(cli: Cli, tmp_path: Path) -> None:
    assert cli("run", "--task", "drift", "--method", SGD, "--seeds", "8", "--out", "r").returncode == 0
    shown = cli("drift", "r").stdout
    assert "stays at the truth (e " in shown
    assert "undecided, since the folder holds no full-batch control of it." in shown
    lines = shown.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("step "))
    assert [line.split()[0] for line in lines[begin + 2 : begin + 7]] == ["0", "2", "4", "9", "20"]
    ranked = cli("leaderboard", "r")
    assert ranked.returncode == 2
    assert "'r' holds only tasks that start at the truth: see indmech-bench drift r." in ranked.stderr
    cli("run", "--task", "fir-natural", "--method", "adam:steps=2", "--seeds", "1", "--out", "r")
    (section,) = json.loads(cli("leaderboard", "r", "--format", "json").stdout)["sections"]
    assert section["tasks"] == ["fir-natural"]


def test_what_is_missing_is_said(cli: Cli, tmp_path: Path) -> None:
    write_folder(tmp_path / "r", {("fir-natural", "adam"): [0.1]})
    assert "'r' holds no task that starts at the truth: run the suite drift." in cli("drift", "r").stderr
    write_folder(tmp_path / "s", {("drift", "adam"): [0.1]})
    assert "'s' has no checkpoints: give the method the setting checkpoints." in cli("drift", "s").stderr
    floor = cli("run", "--task", "drift:observation=impulse,floor=0.1", "--method", "adam", "--seeds", "1")
    assert "floor 0.1 is for the observation 'samples', not 'impulse'." in floor.stderr


Way = tuple[float | None, float | None, float | None]
"""e, fit error and change of log rho at the end of a hand-made row; None where it is not finite."""
Made = Callable[[dict[str, Way]], dict[str, Course]]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Method -> how it ends, as a folder of hand-made rows: the courses by method."""

    def write(ends: dict[str, Way], worst: float = 0.0) -> dict[str, Course]:
        folder = write_folder(tmp_path / "r", {("drift", method): [0.1] * SEEDS for method in ends})
        rows = rows_of(folder)
        for number, row in enumerate(rows):
            row |= hand_made(number, ends[[*ends][number // SEEDS]], worst)
        write_rows(folder, rows)
        by_label = {course.method: course for course in courses(folder)}
        return {method: by_label[resolve(Catalogue.read(), "method", method).label] for method in ends}

    return write


def hand_made(number: int, end: Way, worst: float) -> dict[str, Any]:
    """Details and truth of a row whose three numbers vary a little around those of its method."""
    random = np.random.default_rng(number)
    error, fit, change = (None if x is None else x + 1e-3 * abs(x) * random.normal() for x in end)
    before = 1e-3 * random.normal()
    begin = {"extrapolation_error@0": 0.0, "fit_error@0": 0.0, "log_generic_ratio@0": before}
    way = {"extrapolation_error@3": 0.0, "fit_error@3": worst, "log_generic_ratio@3": before}
    after = None if change is None else before + change
    last = {"extrapolation_error@9": error, "fit_error@9": fit, "log_generic_ratio@9": after}
    return {"details": begin | way | last, "truth": {"largest_log_generic_ratio": LARGEST}}


@pytest.mark.parametrize(
    ("end", "word", "parts"),
    [
        ((1e-3, 1e-3, 1e-3), "neither", ["stays at the truth", "bears out neither"]),
        ((0.5, 1e-3, 0.48), "both", ["leaves the truth at a fit", "log rho rises", "has reached it", "out both"]),
        ((0.5, 1e-3, 0.2), "both", ["of the way to its largest, away from independence)"]),
        ((0.5, 1e-3, -0.3), "paper", ["leaves the truth at a fit", "log rho falls", "away from independence"]),
        ((5e-3, 1e-3, 0.1), "balance", ["stays at the truth", "log rho rises", "bears out balance"]),
        ((0.5, 0.2, 0.3), "unstable", ["leaves the data (fit 0.200 ", "instability, not drift"]),
        ((None, None, None), "unstable", ["leaves the data (fit inf", "log rho does not move measurably (by –)"]),
        ((0.5, 0.01, 0.3), "undecided", ["an interval holds its threshold"]),
    ],
)
def test_a_regime_gets_the_sentence_that_its_numbers_say(made: Made, end: Way, word: str, parts: list[str]) -> None:
    found = made({QUIET: (1e-3, 1e-3, 1e-3), NOISY: end})
    assert verdict(found[NOISY]) == word
    assert verdict(found[QUIET]) == "control"
    for part in parts:
        assert part in sentence(found[NOISY])


def test_who_leaves_the_data_on_the_way_is_unstable_though_it_comes_back(made: Made) -> None:
    found = made({QUIET: (0.5, 1e-3, 0.3)}, worst=2.0)
    assert verdict(found[QUIET]) == "unstable"
    assert "leaves the data (fit 2.00 [2.00, 2.00] at step 3) and comes back to a fit" in sentence(found[QUIET])


def test_both_kinds_of_noise_find_the_control_of_their_other_settings(made: Made) -> None:
    slow = ",learning_rate=0.001"
    ends = {name + rate: (shift + e, 1e-3, 0.1 + shift) for rate, shift in (("", 0.0), (slow, 0.2)) for name, e in (
        (QUIET, 0.1), (NOISY, 0.4), (LABELS, 0.7))}  # fmt: skip
    found = made(ends)
    for rate in ("", slow):
        assert found[QUIET + rate].against is None
        for name, more in ((NOISY, 0.3), (LABELS, 0.6)):
            against = found[name + rate].against
            assert against is not None
            assert against.control == found[QUIET + rate].method
            assert against.n == SEEDS
            assert against.error.value == pytest.approx(more, abs=1e-3)
            assert against.ratio.value == pytest.approx(0.0, abs=1e-3)
            assert against.p_error < 1e-6


def test_the_order_of_regimes_does_not_hang_on_which_rows_were_made_first(made: Made, tmp_path: Path) -> None:
    methods = ("sgd:batch=8", "sgd:batch=none", "sgd:batch=8,learning_rate=0.5", "sgd:batch=none,learning_rate=0.5")
    made(dict.fromkeys(methods, (0.5, 1e-3, 0.5)))
    before = [course.method for course in courses(tmp_path / "r")]
    assert [before.index(label) for label in before if "none" in label] == [0, 2]  # controls before what they control
    file = tmp_path / "r" / "runs.jsonl"
    file.write_text("".join(reversed(file.read_text().splitlines(keepends=True))))
    assert [course.method for course in courses(tmp_path / "r")] == before


def test_what_does_not_differ_from_its_control_has_p_one(made: Made, tmp_path: Path) -> None:
    found = made({QUIET: (0.1, 1e-3, 0.1), NOISY: (0.1, 1e-3, 0.1)})
    rows = rows_of(tmp_path / "r")
    for row, control in zip(rows[SEEDS:], rows[:SEEDS], strict=True):
        row["details"] = control["details"]
    write_rows(tmp_path / "r", rows)
    against = courses(tmp_path / "r")[1].against
    assert against is not None
    assert (against.p_error, against.p_ratio) == (1.0, 1.0)
    assert found[NOISY].against != against


def test_changes_are_paired_and_the_way_is_to_the_largest_ratio(made: Made) -> None:
    course = made({QUIET: (0.1, 1e-3, 0.25)})[QUIET]
    assert course.change.value == pytest.approx(0.25, abs=1e-3)
    assert course.way.value == pytest.approx(0.5, abs=5e-3)
    assert course.rises.value == 1.0
    assert course.rises.interval == pytest.approx((0.893, 1.0), abs=1e-3)
    assert course.away.value == pytest.approx(0.25, abs=5e-3)


def test_an_interval_is_beyond_a_threshold_or_not_or_open() -> None:
    assert [beyond(pair, 1.0) for pair in ((1.1, 2.0), (0.1, 1.0), (0.5, 1.5), None)] == ["yes", "no", "open", "open"]
    assert beyond((math.inf, math.inf), 1.0) == "yes"


def test_a_regime_is_a_line_of_the_first_table_and_a_course_below(made: Made, tmp_path: Path, cli: Cli) -> None:
    made({QUIET: (1e-3, 1e-3, 1e-3), NOISY: (0.5, 1e-3, 0.3)})
    sections = json.loads(cli("drift", str(tmp_path / "r"), "--format", "json").stdout)["sections"]
    assert [section["name"] for section in sections] == ["drift", "drift sgd:batch=none", "drift sgd:batch=8"]
    control, noisy = sections[0]["rows"]
    assert (control["setting:batch"], noisy["setting:batch"], noisy["verdict"]) == ("none", "8", "both")
    assert noisy["control"] == "sgd:batch=none"
    assert noisy["found"] == sections[2]["found"]
    assert [row["step"] for row in sections[2]["rows"]] == [0, 3, 9]
    assert sections[2]["rows"][-1]["median_extrapolation_error"] == noisy["end_extrapolation_error"]


def test_the_median_interval_covers_in_95_percent() -> None:
    generator = np.random.default_rng(7)
    for n in (6, 32, 33, 100):
        draws = np.exp(generator.standard_normal((4000, n)))
        intervals = [median_interval(row) for row in draws]
        covered = np.mean([pair is not None and pair[0] <= 1.0 <= pair[1] for pair in intervals])
        assert 0.944 <= covered <= 0.985
    assert median_interval([1.0] * 5) is None
