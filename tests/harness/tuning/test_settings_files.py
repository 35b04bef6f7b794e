"""Files of tuned settings: what they hold, what is wrong with them, and that none is written over."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from tunings import CATALOGUE, tune_in_place

from indmech_bench.errors import InputError
from indmech_bench.harness.options import RunOptions
from indmech_bench.harness.planning import plan
from indmech_bench.harness.tuning.settings_file import read_tuned


def test_a_settings_file_is_complete_and_reads_back_by_type(tuned: Path) -> None:
    text = (tuned / "blind.toml").read_text()
    assert 'init_scale = "none"' in text
    expected = {"learning_rate": 0.1, "steps": 20, "init_scale": None, "polish": False}
    assert read_tuned(tuned / "blind.toml", CATALOGUE).method.settings == expected


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('protocol = "tuned-blind"', 'protocol = "tuned-blnd"', "did you mean 'tuned-blind'?"),
        ('method = "adam"', 'method = "my-method"', "unknown method 'my-method'"),
        ('task = "fir-natural"', 'task = "fork"', "is for task 'fork', not in this run: fir-natural"),
        ('metric = "fit_error"', 'metric = "score"', "tuned-blind chooses by fit_error, not score"),
        ("learning_rate = 0.1", "learning_rate = -1", "setting 'learning_rate' of 'adam' must be in (0, inf), not -1"),
        ("steps = 20", "steps = 2.5", "must be a whole number, not '2.5'"),
        ("steps = 20", "steps = [20]", "must be one plain value"),
        ("steps = 20", "", "setting 'steps' of 'adam' is missing"),
        ("steps = 20", "stps = 20", "did you mean 'steps'?"),
        ("median = ", "mean = ", "unknown key"),
        ('seeds = "10000-10002"', "", "lacks 'seeds'"),
        ('budget = "none"', "budget = -1", "must be a number of cost units above 0 or 'none', not -1"),
        ("[settings]", "[settings", "cannot be read"),
    ],
)
def test_a_wrong_settings_file_says_why(tuned: Path, tmp_path: Path, old: str, new: str, sentence: str) -> None:
    text = (tuned / "blind.toml").read_text()
    assert old in text
    (tmp_path / "edited.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(InputError) as raised:
        plan(RunOptions(tasks=["fir-natural"], settings=[tmp_path / "edited.toml"]))
    assert sentence in str(raised.value)
    assert "edited.toml'" in str(raised.value)


def test_one_method_protocol_and_task_twice_is_refused(cli: Cli, tuned: Path, tmp_path: Path) -> None:
    text = (tuned / "blind.toml").read_text()
    (tmp_path / "other.toml").write_text(text.replace("learning_rate = 0.1", "learning_rate = 0.2"))
    made = cli("run", "--settings", str(tuned / "blind.toml"), "--settings", "other.toml")
    assert (made.returncode, made.stdout) == (2, "")
    assert "are both for adam [tuned-blind] on 'fir-natural': give one" in made.stderr


def test_the_same_tuning_keeps_its_file(tuned: Path) -> None:
    before = (tuned / "blind.toml").read_bytes()
    tune_in_place(tuned / "blind.toml")
    assert (tuned / "blind.toml").read_bytes() == before


@pytest.mark.parametrize("changes", [{"protocol": "oracle"}, {"budget": 900}, {"seeds": "10000-10001"}])
def test_a_settings_file_that_says_something_else_stays(tuned: Path, changes: dict[str, Any]) -> None:
    before = (tuned / "blind.toml").read_bytes()
    with pytest.raises(InputError, match=r"is there already and has .*: give another --out\.$"):
        tune_in_place(tuned / "blind.toml", **changes)
    assert (tuned / "blind.toml").read_bytes() == before


def test_another_choice_is_not_written_over(tuned: Path, tmp_path: Path) -> None:
    text = (tuned / "oracle.toml").read_text().replace("learning_rate = 0.01", "learning_rate = 7.0")
    (tmp_path / "t.toml").write_text(text)
    shutil.copytree(tuned / "oracle", tmp_path / "t")
    with pytest.raises(InputError, match="is there already and has settings"):
        tune_in_place(tmp_path / "t.toml", "oracle")
    assert (tmp_path / "t.toml").read_text() == text
