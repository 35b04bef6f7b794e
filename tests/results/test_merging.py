"""merge: what comes together, what is refused, and that nothing is changed or lost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import Cli
from folders import contents, rows_of, write_folder

from indmech_bench.analysis.ranking.ranking import leaderboard
from indmech_bench.errors import InputError
from indmech_bench.results.merging import merge

NATURAL = ("fir-natural", "adam")
INF = float("inf")
ERRORS = np.exp(np.random.default_rng(0).normal(size=32))


def test_seeds_of_two_machines_make_one_table(tmp_path: Path, cli: Cli) -> None:
    a = write_folder(tmp_path / "a", {NATURAL: ERRORS[:16]}, run="first", references=["oracle"])
    b = write_folder(tmp_path / "b", {NATURAL: ERRORS[16:]}, run="second", seed=16, references=["oracle"])
    before = contents(a), contents(b)
    made = cli("merge", "a", "b", "--out", "d")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("d: 64 rows of a (32), b (32)")
    assert (contents(a), contents(b)) == before
    assert rows_of(tmp_path / "d") == rows_of(a) + rows_of(b)
    assert list(json.loads((tmp_path / "d/manifest.json").read_text())["runs"]) == ["first", "second"]
    whole = write_folder(tmp_path / "whole", {NATURAL: ERRORS}, references=["oracle"])
    assert leaderboard(tmp_path / "d").lines == leaderboard(whole).lines


def test_rows_that_contradict_each_other_are_refused(tmp_path: Path, cli: Cli) -> None:
    write_folder(tmp_path / "a", {NATURAL: [0.5, 0.5]})
    write_folder(tmp_path / "b", {NATURAL: [0.5, 0.50001]})
    made = cli("merge", "a", "b", "--out", "d")
    assert made.returncode == 2
    assert "'a' and 'b' contradict each other: adam on fir-natural, seed 1" in made.stderr
    assert "has extrapolation_error 0.5 and 0.50001" in made.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_the_last_bits_are_no_contradiction(tmp_path: Path) -> None:
    a = write_folder(tmp_path / "a", {NATURAL: [0.5, 1e-31]})
    b = write_folder(tmp_path / "b", {NATURAL: [0.5 + 1e-9, 3e-31]})
    made = merge([a, b], out=tmp_path / "d")
    assert "2 rows differ by less than 1e-6: those of the folder named first are kept" in made.sentences
    assert rows_of(tmp_path / "d") == rows_of(a)


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_an_ok_row_is_kept_before_one_that_failed_and_tracebacks_come_along(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    a = write_folder(tmp_path / "a", {NATURAL: [INF, 0.5]})
    write_folder(tmp_path / "b", {NATURAL: [0.3, 0.5]})
    (a / "errors").mkdir()
    output = f"{rows_of(a)[0]['key']}.txt"
    (a / "errors" / output).write_text("why")
    made = merge([tmp_path / name for name in order], out=tmp_path / "d")
    assert [row["metrics"]["extrapolation_error"] for row in rows_of(tmp_path / "d")] == [0.3, 0.5]
    assert "1 rows that failed in one folder are ok in another: the ok ones are kept" in made.sentences
    assert (tmp_path / "d/errors" / output).read_text() == "why"


def test_parameters_come_from_the_folder_whose_row_is_kept(tmp_path: Path) -> None:
    places = [write_folder(tmp_path / name, {NATURAL: [error, 0.5]}) for name, error in (("a", INF), ("b", 0.3))]
    keys = [row["key"] for row in rows_of(places[0])]
    for place in places:
        (place / "solutions/fir-natural/adam").mkdir(parents=True)
        for key in keys:
            (place / f"solutions/fir-natural/adam/{key}.npz").write_text(place.name)
    merge(places, out=tmp_path / "d")
    assert [(tmp_path / f"d/solutions/fir-natural/adam/{key}.npz").read_text() for key in keys] == ["b", "a"]


def test_rows_that_tables_will_hide_are_said(tmp_path: Path) -> None:
    a = write_folder(tmp_path / "a", {NATURAL: [0.5, 0.5]})
    b = write_folder(tmp_path / "b", {NATURAL: [0.3]}, seed=2, changes={"source": "f" * 16})
    made = merge([a, b], out=tmp_path / "d")
    assert any(sentence.startswith("2 rows were made by other code") for sentence in made.sentences)
    assert len(rows_of(tmp_path / "d")) == 3


def test_nothing_is_written_over(tmp_path: Path) -> None:
    a = write_folder(tmp_path / "a", {NATURAL: [0.5]})
    before = contents(a)
    with pytest.raises(InputError, match="exists already"):
        merge([a, a], out=a)
    with pytest.raises(InputError, match="two results folders or more"):
        merge([a], out=tmp_path / "d")
    assert contents(a) == before


def test_one_name_for_two_runs_is_refused(tmp_path: Path) -> None:
    a = write_folder(tmp_path / "a", {NATURAL: [0.5]})
    b = write_folder(tmp_path / "b", {NATURAL: [0.5]}, entry={"processor": "another"})
    with pytest.raises(InputError, match="another run under the name"):
        merge([a, b], out=tmp_path / "d")
    assert not (tmp_path / "d").exists()
