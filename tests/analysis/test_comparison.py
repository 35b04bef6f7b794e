"""compare: what is paired, what is named, what counts as a difference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Cli
from folders import rows_of, write_folder, write_rows

from indmech_bench.analysis.comparison.comparison import compare
from indmech_bench.registry.identity import ENGINE, row_identity_key

NATURAL = ("fir-natural", "adam")
INF = float("inf")


def errors(n: int = 32, seed: int = 0) -> np.ndarray:
    return np.exp(np.random.default_rng(seed).normal(size=n))


@pytest.fixture
def a(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "a", {NATURAL: errors()}, references=["oracle"])


def test_a_folder_is_the_same_as_itself(a: Path, cli: Cli) -> None:
    made = cli("compare", "a", "a", "--fail-on-regression")
    assert made.returncode == 0
    for sentence in ("32 paired", "0/32/0", "differs: nothing", "32 rows shared, all the same", "no difference at"):
        assert sentence in made.stdout


def test_the_last_bits_are_ties_and_the_machine_is_named(a: Path, tmp_path: Path) -> None:
    b = write_folder(
        tmp_path / "b", {NATURAL: errors() * (1 + 1e-12)}, references=["oracle"], entry={"processor": "another"}
    )
    found = compare(a, b)
    (line,) = found.lines
    assert (line.paired, line.ties, line.p_score, line.p_sign) == (True, 32, 1, 1)
    assert "processor: one -> another" in found.differences


def test_a_setting_that_differs_is_named_and_seeds_are_paired(a: Path, tmp_path: Path, cli: Cli) -> None:
    write_folder(tmp_path / "b", {("fir-natural", "adam:learning_rate=0.01"): errors() * 0.5})
    made = cli("compare", "a", "b", "--format", "json")
    (found,) = json.loads(made.stdout)["sections"]
    assert found["differences"] == ["adam: learning_rate 0.02 -> 0.01"]
    (line,) = found["rows"]
    assert line["paired"]
    assert (line["better"], line["worse"]) == (32, 0)
    assert line["difference"] == pytest.approx(np.median(1 / (1 + 0.5 * errors()) - 1 / (1 + errors())))
    assert line["difference_low"] > 0
    assert line["p_score"] < 1e-6
    assert line["p_sign"] == pytest.approx(2 / 2**32)
    assert not line["regressed"]


def test_no_seed_shared_is_unpaired_and_says_so(a: Path, tmp_path: Path, cli: Cli) -> None:
    write_folder(tmp_path / "b", {NATURAL: errors(seed=1)}, seed=100)
    made = cli("compare", "a", "b")
    assert "unpaired, since no seed is shared: all lines" in made.stdout
    assert "32 vs 32" in made.stdout
    assert "no difference at family-wise 1 %" in made.stdout


def test_unpaired_runs_that_differ_are_found(a: Path, tmp_path: Path) -> None:
    (line,) = compare(a, write_folder(tmp_path / "b", {NATURAL: errors(seed=1) * 9}, seed=100)).lines
    assert not line.paired
    assert line.regressed
    assert line.interval is not None
    assert line.interval[1] < 0
    assert line.p_sign is None


def test_only_shared_seeds_are_paired(a: Path, tmp_path: Path) -> None:
    (line,) = compare(a, write_folder(tmp_path / "b", {NATURAL: errors()}, seed=20)).lines
    assert (line.n_a, line.n_b) == (12, 12)


def test_another_version_of_a_task_is_never_compared(a: Path, tmp_path: Path, cli: Cli) -> None:
    write_folder(tmp_path / "b", {NATURAL: errors() * 9}, changes={"task_version": 2})
    made = cli("compare", "a", "b", "--format", "json", "--fail-on-regression")
    (found,) = json.loads(made.stdout)["sections"]
    assert found["rows"] == []
    assert found["not_compared"] == ["fir-natural: version 1 in A and 2 in B, so other truths"]


def test_what_differs_in_code_budget_precision_and_versions_is_named(a: Path, tmp_path: Path) -> None:
    changes = {"source": "f" * 16, "engine": 7, "budget": 5000.0, "precision": "float32"}
    versions = {"versions": {"indmech-bench": "0.1.0", "numpy": "2.5.0", "torch": "2.13.0"}}
    b = write_folder(tmp_path / "b", {NATURAL: errors()}, changes=changes, entry=versions)
    found = compare(a, b)
    assert len(found.lines) == 1
    said = "; ".join(found.differences)
    for sentence in (
        "budget none -> 5000.0",
        "precision float64 -> float32",
        "-> ffffffffffffffff",
        f"engine {ENGINE} -> 7",
    ):
        assert sentence in said
    assert "numpy: 2.4.6 -> 2.5.0" in said


def test_two_settings_of_one_name_are_not_guessed(tmp_path: Path) -> None:
    two = {("fir-natural", f"adam:steps={steps}"): errors() for steps in (10, 20)}
    a = write_folder(tmp_path / "a", two)
    b = write_folder(tmp_path / "b", {("fir-natural", "adam:steps=30"): errors()})
    found = compare(a, b)
    assert found.lines == ()
    assert len(found.apart) == 3
    assert found.apart[0] == "only in A: adam:steps=10 on fir-natural, 32 rows"


@pytest.mark.parametrize(
    ("factor", "failures", "code"),
    [(1.0, 0, 0), (0.5, 0, 0), (1.5, 0, 1), (1.0, 1, 1)],
    ids=["same", "better", "worse", "one more failure"],
)
def test_exit_1_is_for_regressions_alone(
    a: Path, tmp_path: Path, cli: Cli, factor: float, failures: int, code: int
) -> None:
    values = errors() * factor
    values[:failures] = INF
    write_folder(tmp_path / "b", {NATURAL: values})
    assert cli("compare", "a", "b", "--fail-on-regression").returncode == code


def test_without_the_option_a_regression_exits_0(a: Path, tmp_path: Path, cli: Cli) -> None:
    write_folder(tmp_path / "b", {NATURAL: errors() * 9})
    made = cli("compare", "a", "b", "--format", "md")
    assert made.returncode == 0
    assert "scores are lower in B" in made.stdout


def test_failures_on_both_sides_tie_and_one_more_is_worse(tmp_path: Path) -> None:
    a = write_folder(tmp_path / "a", {NATURAL: [INF, INF, 1.0, 1.0]})
    b = write_folder(tmp_path / "b", {NATURAL: [INF, 1.0, INF, 1.0]})
    (line,) = compare(a, b).lines
    assert (line.better, line.ties, line.worse) == (1, 2, 1)
    assert not line.fails_more


def test_errors_that_are_large_in_both_folders_make_no_difference(tmp_path: Path) -> None:
    """Raw e would find a hundredfold in every seed; to the score both are nothing."""
    a = write_folder(tmp_path / "a", {NATURAL: [1e7] * 32})
    (line,) = compare(a, write_folder(tmp_path / "b", {NATURAL: [1e9] * 32})).lines
    assert (line.ties, line.p_score, line.regressed) == (32, 1, False)


def test_holm_covers_all_lines_and_both_measures(tmp_path: Path) -> None:
    one = {NATURAL: [1.0] * 8}
    worse = {NATURAL: [2.0] * 8}
    alone = compare(write_folder(tmp_path / "a", one), write_folder(tmp_path / "b", worse)).lines[0]
    assert (alone.p_score, alone.p_sign) == pytest.approx((2 * 2 / 2**8, 2 / 2**8))
    more = {("fir-generic", "adam"): [1.0] * 8, ("fork", "adam"): [1.0] * 8}
    among = compare(write_folder(tmp_path / "c", one | more), write_folder(tmp_path / "d", worse | more)).lines[0]
    assert (among.p_score, among.p_sign) == pytest.approx((6 * 2 / 2**8, 3 * 2 / 2**8))
    assert [line.control for line in compare(tmp_path / "c", tmp_path / "d").lines] == [False, True, False]


def test_references_that_differ_are_said(a: Path, tmp_path: Path) -> None:
    b = write_folder(tmp_path / "b", {NATURAL: errors()}, references=["oracle"])
    rows: list[dict[str, Any]] = rows_of(b)
    for row in rows:
        if row["reference"]:
            row["metrics"]["extrapolation_error"] = 0.5
            assert row["key"] == row_identity_key(row)
    write_rows(b, rows)
    assert compare(a, b).references.startswith("references: 32 rows shared, 32 differ")


def test_a_salt_makes_other_truths(a: Path, tmp_path: Path) -> None:
    (line,) = compare(a, write_folder(tmp_path / "b", {NATURAL: errors()}, changes={"salt": "0" * 16})).lines
    assert not line.paired
