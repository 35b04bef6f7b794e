"""Runs with tuned settings: on which tasks, under which label, and what becomes of their rows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import Cli
from documents import records
from folders import rows_of, write_rows

from indmech_bench.harness.benchmark import run
from indmech_bench.harness.options import RunOptions
from indmech_bench.harness.planning import plan


@pytest.fixture(scope="module")
def scored(tuned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with adam as it is and tuned by either protocol on one of two tasks."""
    report = run(
        tasks=["fir-natural", "fir-decaying"],
        methods=["adam:steps=20,learning_rate=0.1"],
        settings=[tuned / "blind.toml", tuned / "oracle.toml"],
        seeds="2",
        jobs=0,
        out=tmp_path_factory.mktemp("scored") / "r",
    )
    assert str(report) == "40 ok, 0 failed, 0 skipped"
    return report.folder


def test_a_tuned_method_runs_on_its_own_task_with_its_settings(scored: Path) -> None:
    rows = [row for row in rows_of(scored) if row["method"] == "adam" and row["seed"] == 0]
    assert {(row["task"], row["protocol"], row["settings"]["learning_rate"]) for row in rows} == {
        ("fir-decaying", "default", 0.1),
        ("fir-natural", "default", 0.1),
        ("fir-natural", "tuned-blind", 0.1),
        ("fir-natural", "tuned-oracle", 0.01),
    }
    metrics = {row["protocol"]: row["metrics"] for row in rows if row["task"] == "fir-natural"}
    assert metrics["default"] == metrics["tuned-blind"] != metrics["tuned-oracle"]  # a protocol changes no number


def test_each_protocol_is_a_line_of_its_own(cli: Cli, scored: Path) -> None:
    lines = records(cli("leaderboard", str(scored), "--format", "json").stdout)
    ok = {line["method"]: line["ok"] for line in lines if not line["reference"]}
    assert ok == {"adam:learning_rate=0.1,steps=20": 4, "adam [tuned-blind]": 2, "adam [tuned-oracle]": 2}


def test_status_knows_tuned_rows(cli: Cli, scored: Path) -> None:
    status = cli("status", str(scored), "--why").stdout
    assert re.search(r"fir-decaying +adam \[tuned-blind\] +2 of 2 seeds", status)
    assert "all rows are what today's code would make" in status


def test_a_tuned_row_resumes_and_a_failed_one_is_tried_again(cli: Cli, tmp_path: Path, tuned: Path) -> None:
    made = cli("run", "--settings", str(tuned / "blind.toml"), "--seeds", "1", "--jobs", "1", "--out", "r")
    assert made.stdout.splitlines()[-1] == "9 ok, 0 failed, 0 skipped"
    write_rows(tmp_path / "r", ({**row, "status": "error"} for row in rows_of(tmp_path / "r")))
    again = {"settings": [tuned / "blind.toml"], "seeds": "1", "jobs": 0, "out": tmp_path / "r"}
    resumed = run(**again)
    assert (resumed.failed, resumed.resumed) == (9, 9)
    retried = run(**again, retry_failed=True)
    assert (retried.ok, retried.resumed) == (9, 0)


@pytest.fixture
def suite(tuned: Path) -> str:
    text = 'tasks = ["fir-natural", "fork"]\nmethods = ["sgd"]\nsettings = ["blind.toml"]\n'
    (tuned / "mine.toml").write_text(text)
    return str(tuned / "mine.toml")


def test_a_suite_lists_settings_files_beside_it(cli: Cli, suite: str) -> None:
    shown = cli("run", suite, "--dry-run").stdout
    assert "fir-natural  adam:learning_rate=0.1,steps=20 [tuned-blind]  32 of 32" in shown
    assert "fork  sgd  32 of 32" in shown
    assert "fork  adam" not in shown


@pytest.mark.parametrize("changes", [{"tasks": ["fork"]}, {"methods": ["adam"]}])
def test_other_tasks_or_methods_leave_a_suites_settings_files_out(suite: str, changes: dict[str, list[str]]) -> None:
    assert {cell.protocol for cell in plan(RunOptions(suite=suite, **changes)).cells} == {"default"}


def test_without_suite_task_and_method_only_what_the_files_name_runs(tuned: Path) -> None:
    cells = plan(RunOptions(settings=[tuned / "blind.toml"])).cells
    assert {cell.task.label for cell in cells} == {"fir-natural"}
    assert [cell.label for cell in cells if not cell.reference] == ["adam:learning_rate=0.1,steps=20 [tuned-blind]"]


def test_another_budget_is_said_and_the_run_decides(cli: Cli, tuned: Path) -> None:
    made = cli("run", "--settings", str(tuned / "blind.toml"), "--budget", "1000", "--dry-run")
    assert made.returncode == 0
    assert "was tuned with budget none, this run has 1000" in made.stderr
