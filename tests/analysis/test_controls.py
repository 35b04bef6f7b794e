"""Controls are shown by task and enter no rank, no overall figure and no standing; how they are known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Cli
from documents import records
from folders import rows_of, write_folder, write_rows

import indmech_bench
from indmech_bench.analysis.comparison.comparison import compare
from indmech_bench.analysis.pairing.columns import versus_document, winners_document
from indmech_bench.analysis.pairing.pairings import versus, winners
from indmech_bench.analysis.ranking.board import document
from indmech_bench.analysis.ranking.ranking import leaderboard, leaderboards
from indmech_bench.analysis.ranking.standings import rivalries
from indmech_bench.errors import InputError
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.identity import row_identity_key
from indmech_bench.text.writing import write

NATURAL = ("fir-natural", "fork", "full-cascade-small")
CONTROLS = ("fir-generic", "fir-natural:dependence=0.4", "fir-natural:spread=0.05", "eyes-independent")
METHODS = ("adam", "sgd", "weight-decay")


def errors(*names: str) -> np.ndarray:
    seed = sum(map(ord, "".join(names)))
    return np.exp(np.random.default_rng(seed).normal(size=12))


def natural() -> dict[tuple[str, str], Any]:
    return {(task, method): errors(task, method) for task in NATURAL for method in METHODS}


def controls() -> dict[tuple[str, str], Any]:
    """Which turn the ranks about; one of the methods fails on them, another was not run."""
    turned = {"adam": [0.0] * 12, "sgd": [float("inf")] * 12}
    return {(task, method): values for task in CONTROLS for method, values in turned.items()}


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "mixed", natural() | controls(), references=["oracle", "white"])


def test_controls_change_nothing_but_the_columns_by_task(mixed: Path, tmp_path: Path) -> None:
    without = leaderboard(write_folder(tmp_path / "plain", natural(), references=["oracle", "white"]))
    found = leaderboard(mixed)
    assert found.controls == tuple(task for task in found.tasks if task in CONTROLS)
    assert len(found.controls) == len(CONTROLS)
    assert (found.pairs, found.resampled) == (without.pairs, without.resampled)
    plain = {"by_task": {}, "by_task_intervals": {}}
    assert [replace(line, **plain) for line in found.lines] == [replace(line, **plain) for line in without.lines]
    assert {line.name: line.by_task["fir-generic"]["identified"] for line in found.lines if not line.reference} == {
        "adam": 1,
        "sgd": 0,
        "weight-decay": None,
    }
    assert [one.mean_ranks for one in rivalries(mixed)] == [one.mean_ranks for one in rivalries(tmp_path / "plain")]


def test_a_method_that_lacks_a_task_that_counts_stands_below(tmp_path: Path) -> None:
    cells = natural()
    del cells["fork", "sgd"]
    lines = leaderboard(write_folder(tmp_path / "r", cells, references=["oracle"])).lines
    assert [line.name for line in lines[2:]] == ["sgd", "oracle"]
    assert (lines[2].rank, lines[2].tier, lines[2].leave_one_out) == (None, None, None)
    assert not np.isnan(lines[2].score)


def test_of_controls_alone_no_method_is_ranked_and_a_sentence_says_why(tmp_path: Path, cli: Cli) -> None:
    folder = write_folder(tmp_path / "r", controls(), references=["oracle"])
    for form in ("table", "md", "html", "latex"):
        shown = write(document([leaderboard(folder)]), form)
        assert "No method is ranked: all its tasks are controls" in shown
        assert "adam" in shown
    for line in records(cli("leaderboard", "r", "--format", "json").stdout):
        assert (line["rank"], line["tier"], line["score"], line["identified"]) == (None, None, None, None)
        assert line["identified:fir-generic"] == (0 if line["method"] == "sgd" else 1)
    made = cli("leaderboard", "r", "--standings")
    assert (made.returncode, made.stdout) == (2, "")
    assert "all that are asked for are controls" in made.stderr
    with pytest.raises(InputError, match="controls"):
        rivalries(folder)


def test_readers_see_the_mark_and_json_the_plain_name(mixed: Path) -> None:
    board = document([leaderboard(mixed)])
    of_tasks = (
        versus_document(mixed, versus(mixed, "adam")),
        winners_document(mixed, winners(mixed)),
        compare(mixed, mixed).document,
    )
    for made in (board, *of_tasks):
        text = write(made, "table")
        assert "fir-generic (control)" in text
        assert "fork (control)" not in text
        assert "(control)" not in write(made, "json")
    for made in of_tasks:
        marked = {row["task"] for section in made.sections for row in section.records if row["control"]}
        assert marked == set(CONTROLS)
    assert set(board.sections[0].facts["controls"]) == set(CONTROLS)


def test_a_view_is_ranked_by_what_counts_in_it(mixed: Path) -> None:
    views = {board.view.removeprefix("dependence: "): board for board in leaderboards(mixed, group_by="dependence")}
    assert views["log rho = 0"].by_controls_alone
    assert not views["drawn independently"].by_controls_alone
    assert leaderboard(mixed, family="fir").resampled == "seeds"


def elsewhere(folder: Path) -> Path:
    """The folder as if its tasks were of a plugin that is not installed here, in rows and manifest."""
    rows = [{**row, "task": f"elsewhere-{row['task']}"} for row in rows_of(folder)]
    write_rows(folder, ({**row, "key": row_identity_key(row)} for row in rows))
    manifest = (folder / "manifest.json").read_text()
    for task in {row["task"] for row in rows}:
        manifest = manifest.replace(f'"{task.removeprefix("elsewhere-")}', f'"{task}')
    (folder / "manifest.json").write_text(manifest)
    return folder


def test_of_a_task_that_is_not_installed_the_manifest_says_it(mixed: Path) -> None:
    rows = indmech_bench.load(elsewhere(mixed))
    known = rows.drop_duplicates("task_label").set_index("task_label")
    names = known[known.control].task.tolist()
    assert sorted(names) == sorted(f"elsewhere-{task.partition(':')[0]}" for task in CONTROLS)
    assert set(known[known.task == "elsewhere-fir-natural"].family) == {"fir"}


def test_a_run_records_its_controls(cli: Cli, tmp_path: Path) -> None:
    tasks = [part for task in ("fork", "fir-natural:spread=0.05") for part in ("--task", task)]
    cli("run", *tasks, "--method", "adam:steps=2", "--seeds", "1", "--out", "r", "--jobs", "0")
    (run,) = json.loads((tmp_path / "r/manifest.json").read_text())["runs"].values()
    (control,) = run["controls"]
    assert control.startswith("fir-natural:observation=impulse,")
    assert "spread=0.05" in control


def test_a_listing_has_them(cli: Cli) -> None:
    listed = {record["name"]: record["control"] for record in records(cli("list", "tasks", "--json").stdout)}
    assert listed == {entry.name: entry.is_control(entry.defaults) for entry in Catalogue.read().of_kind("task")}
    assert listed["fir-generic"]
    assert not listed["fir-natural"]
    assert "control: true" in cli("describe", "fir-generic").stdout
    assert "natural: dependence=none, spread=0.0; else a control" in cli("describe", "fir-natural").stdout
