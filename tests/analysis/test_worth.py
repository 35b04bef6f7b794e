"""What extrapolated samples are worth: shares of a gain, over replicates together."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import rows_of, write_folder, write_rows

from indmech_bench import InputError
from indmech_bench.analysis.images.worth import Arm, arms
from indmech_bench.analysis.labels import without_common


def folder_of(place: Path, learnt: list[float], low: list[float], high: list[float]) -> dict[str, Arm]:
    """The arms of a task on which a method's samples gave these accuracies; infinite errors are failures."""
    write_folder(place, {("fluo-faces", "adam"): [0.1] * len(learnt)})
    rows = rows_of(place)
    for row, found, more, true in zip(rows, learnt, low, high, strict=True):
        row["truth"] = {
            "accuracy_before": 0.5,
            "accuracy_more": more,
            "accuracy_pixels": more,
            "accuracy_intervened": true,
        }
        row["metrics"] = {"accuracy_extrapolated": found}
    write_rows(place, rows)
    (lines,) = arms(place).values()
    return {line.added: line for line in lines}


def test_worth_is_the_share_of_the_gain_over_all_replicates(tmp_path: Path) -> None:
    low, high = [0.5, 0.7] * 4, [0.9, 0.7] * 4  # half of the replicates gain nothing
    found = folder_of(tmp_path / "r", [0.6, 0.8] * 4, low, high)
    assert found["(iii) adam"].worth == pytest.approx(0.2 / 0.4)
    assert found["(i) ordinary ones"].worth == 0
    assert found["(iv) truly intervened"].worth == 1
    assert found["(iv) truly intervened"].interval == (1, 1)
    assert found["(iii) adam"].accuracy == pytest.approx(0.7)


def test_no_share_is_shown_of_a_gain_that_is_not_there(tmp_path: Path) -> None:
    found = folder_of(tmp_path / "r", [0.9] * 8, [0.5, 0.7] * 4, [0.6, 0.6] * 4)
    assert {line.worth for line in found.values()} == {None}


def test_a_replicate_that_failed_counts_as_no_accuracy(tmp_path: Path) -> None:
    place = tmp_path / "r"
    folder_of(place, [0.8] * 8, [0.5] * 8, [0.9] * 8)
    rows = rows_of(place)
    rows[0] |= {"status": "nonfinite", "reason": "the solution is not finite", "metrics": {}}
    write_rows(place, rows)
    (lines,) = arms(place).values()
    assert lines[0].n == 8
    assert lines[0].accuracy == pytest.approx(0.7)


def test_a_folder_without_such_rows_says_so(tmp_path: Path) -> None:
    write_folder(tmp_path / "r", {("fir-natural", "adam"): [0.1]})
    with pytest.raises(InputError, match="no accuracies of a classifier"):
        arms(tmp_path / "r")


def test_settings_that_all_methods_have_are_said_once() -> None:
    labels = ["adam:steps=5", "weight-decay:steps=5,decay=0.1"]
    assert without_common(labels) == (dict(zip(labels, ["adam", "weight-decay:decay=0.1"], strict=True)), "steps=5")
    assert without_common(labels[:1]) == ({}, "")
    assert without_common(["adam:steps=5", "adam [tuned-oracle]"]) == ({}, "")
