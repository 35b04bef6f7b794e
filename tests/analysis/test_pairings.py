"""Methods of one folder in pairs: all against one, and the best of each approach against the simple rivals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from folders import rows_of, write_folder, write_rows
from scipy.stats import binomtest, wilcoxon

from indmech_bench.analysis.pairing.columns import matrix_document, versus_document
from indmech_bench.analysis.pairing.pairings import versus, winners
from indmech_bench.errors import InputError
from indmech_bench.registry.identity import row_identity_key
from indmech_bench.text.writing import write

N = 32
GENERATOR = np.random.default_rng(1)
BASE = GENERATOR.exponential(size=N)
NEAR = BASE + 0.2 + 0.1 * GENERATOR.standard_normal(N)
TASK = "fir-natural"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """adam is the better by 0.2, sgd ties, the multistart is far better but fails once; best-constant has e = 0.5."""
    cells = {
        (TASK, "adam"): BASE,
        (TASK, "sgd"): BASE + 1e-9,
        (TASK, "weight-decay"): NEAR,
        (TASK, "multistart-independent"): [float("inf"), *np.full(N - 1, 1e-6)],
    }
    return write_folder(tmp_path / "r", cells, references=["best-constant", "white"])


def test_a_difference_is_that_of_scores_on_shared_seeds_with_both_tests(folder: Path) -> None:
    found = {one.method: one for one in versus(folder, "adam")}
    line = found["weight-decay"]
    near, base = 1 / (1 + NEAR), 1 / (1 + BASE)
    assert line.difference == pytest.approx(np.median(near - base))
    assert line.better + line.worse == N
    assert line.worse == int((NEAR > BASE).sum())
    for raw, shown in (
        (wilcoxon(near, base).pvalue, line.p_score),
        (binomtest(line.better, N).pvalue, line.p_sign),
    ):
        assert raw <= shown <= raw * len(found) * (1 + 1e-9)  # Holm, of all lines of the table
    assert (found["sgd"].ties, found["sgd"].p_score, found["sgd"].p_sign) == (N, 1.0, 1.0)


def test_a_failed_replicate_scores_less_than_any_other(folder: Path) -> None:
    line = next(one for one in versus(folder, "adam") if one.method == "multistart-independent")
    assert line.worse >= 1
    assert line.n == N
    assert line.interval is not None


def test_a_pairing_reversed_is_the_same_with_its_sign_changed(folder: Path) -> None:
    one = next(line for line in versus(folder, "adam") if line.method == "weight-decay")
    other = next(line for line in versus(folder, "weight-decay") if line.method == "adam")
    assert (one.better, one.worse, one.difference) == (other.worse, other.better, -other.difference)


def test_the_winner_of_an_approach_has_its_best_score(folder: Path) -> None:
    found = winners(folder)
    assert {(one.approach, one.method) for one in found} == {
        ("fit", "adam"),
        ("norm", "weight-decay"),
        ("independence", "multistart-independent"),
    }
    assert {one.other for one in found} == {"best-constant", "white"}
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)


def test_a_method_that_is_not_there_is_refused_with_the_nearest(folder: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'adam'"):
        versus(folder, "adm")


def test_a_method_that_is_not_installed_is_no_reference(folder: Path) -> None:
    rows = rows_of(folder)
    for row in rows:
        if row["method"] == "sgd":
            row["method"] = "elsewhere"
            row["key"] = row_identity_key(row)
    write_rows(folder, rows)
    approaches = {one.method: one.approach for one in versus(folder, "adam")}
    assert (approaches["elsewhere"], approaches["white"]) == ("other", "reference")
    assert ("other", "elsewhere") in {(one.approach, one.method) for one in winners(folder)}


def test_winners_need_a_rival(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="best-constant"):
        winners(write_folder(tmp_path / "r", {(TASK, "adam"): BASE}))


def test_the_matrix_has_each_score_once_and_the_method_itself_without_a_test(folder: Path) -> None:
    found = versus(folder, "adam", itself=True)
    own = [one for one in found if one.method == "adam"]
    assert [one.ties for one in own] == [one.n for one in own]
    assert [one for one in found if one.method != "adam"] == [*versus(folder, "adam")]
    text = write(matrix_document(folder, found), "md")
    (line,) = (line for line in text.splitlines() if line.startswith("| adam |"))
    assert ";" not in line
    assert all(f"{one.score:.3f}" in text for one in found)


def test_another_error_is_paired_like_e_and_cells_without_it_are_left_out(folder: Path) -> None:
    rows = rows_of(folder)
    for row in rows:
        if row["status"] == "ok" and row["method"] in ("adam", "weight-decay"):
            # the other way round than e, in which adam is the better
            row["metrics"]["transfer_error"] = 1.0 if row["method"] == "adam" else 0.5
    write_rows(folder, rows)
    (line,) = versus(folder, "adam", metric="transfer_error")
    assert (line.method, line.better, line.worse, line.error) == ("weight-decay", N, 0, 0.5)
    assert line.difference == pytest.approx(1 / 1.5 - 1 / 2)
    assert "1/(1+transfer_error)" in write(versus_document(folder, (line,)), "md")
    with pytest.raises(InputError, match="no row with 'equivalence_gap'"):
        versus(folder, "adam", metric="equivalence_gap")
    with pytest.raises(InputError, match="did you mean 'transfer_error'"):
        versus(folder, "adam", metric="transfer_eror")
