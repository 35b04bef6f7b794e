"""Tuning: who is chosen by what, and what becomes of the choice."""

from __future__ import annotations

import itertools
import math
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from documents import records
from folders import rows_of, write_rows

from indmech_bench.analysis.labels import with_labels
from indmech_bench.errors import InputError
from indmech_bench.harness.benchmark import run
from indmech_bench.harness.options import RunOptions
from indmech_bench.harness.planning import plan
from indmech_bench.harness.tuning.candidates import Candidate, candidates, choose
from indmech_bench.harness.tuning.settings_file import read_tuned
from indmech_bench.harness.tuning.tuning import Tuning, tune
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.notation import Named
from indmech_bench.registry.registration import build, resolve

CATALOGUE = Catalogue.read()
METHODS = CATALOGUE.of_kind("method")
SHORT = ("tune", "adam:steps=20", "--task", "fir-natural", "--seeds", "10000-10002", "--jobs", "0")
GRID = ("--grid", "learning_rate=0.01|0.1")


def tune_in_place(out: Path, protocol: str = "blind", method: str = "adam:steps=20", **changes: Any) -> Tuning:
    given = {"grid": [GRID[1]], "seeds": "10000-10002", **changes}
    return tune(method, task="fir-natural", protocol=protocol, out=out, jobs=0, **given)


def doctor(folder: Path, metrics: dict[float, dict[str, float]]) -> None:
    """Give the rows of each learning rate other metrics."""
    rows = rows_of(folder)
    for row in rows:
        row["metrics"] |= metrics[row["settings"]["learning_rate"]]
    write_rows(folder, rows)


@pytest.mark.parametrize("entry", [entry for entry in METHODS if entry.grid], ids=lambda entry: entry.name)
def test_every_candidate_of_a_registered_grid_can_be_built(entry: Any) -> None:
    made = candidates(CATALOGUE, entry.name, [])
    assert 2 <= len(made) <= 12
    assert made[0] == resolve(CATALOGUE, "method", entry.name)
    for one in made:
        assert resolve(CATALOGUE, "method", one.label) == one
        build(one)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with adam tuned by either protocol, on rows in which fit and e disagree."""
    folder = tmp_path_factory.mktemp("tuned")
    disagree = {
        0.01: {"fit_error": 0.3, "extrapolation_error": 0.1},
        0.02: {"fit_error": 0.2, "extrapolation_error": 0.2},
        0.1: {"fit_error": 0.1, "extrapolation_error": 0.3},
    }
    for protocol in ("blind", "oracle"):
        tune_in_place(folder / f"{protocol}.toml", protocol)
        (folder / f"{protocol}.toml").unlink()
        doctor(folder / protocol, disagree)
        before = (folder / protocol / "runs.jsonl").read_bytes()
        tune_in_place(folder / f"{protocol}.toml", protocol)
        assert (folder / protocol / "runs.jsonl").read_bytes() == before  # what is there is not run again
    return folder


def test_each_protocol_chooses_by_its_own_metric(tuned: Path) -> None:
    chosen = {p: read_tuned(tuned / f"{p}.toml", CATALOGUE) for p in ("blind", "oracle")}
    assert {p: one.method.settings["learning_rate"] for p, one in chosen.items()} == {"blind": 0.1, "oracle": 0.01}
    assert {p: one.content["median"] for p, one in chosen.items()} == {"blind": 0.1, "oracle": 0.1}
    assert {p: one.protocol for p, one in chosen.items()} == {"blind": "tuned-blind", "oracle": "tuned-oracle"}


def test_a_settings_file_is_complete_and_reads_back_by_type(tuned: Path) -> None:
    text = (tuned / "blind.toml").read_text()
    assert 'init_scale = "none"' in text
    expected = {"learning_rate": 0.1, "steps": 20, "init_scale": None, "polish": False}
    assert read_tuned(tuned / "blind.toml", CATALOGUE).method.settings == expected


@pytest.fixture(scope="module")
def scored(tuned: Path) -> Path:
    """A results folder with adam as it is and tuned by either protocol on one of two tasks."""
    report = run(
        tasks=["fir-natural", "fir-decaying"],
        methods=["adam:steps=20,learning_rate=0.1"],
        settings=[tuned / "blind.toml", tuned / "oracle.toml"],
        seeds="2",
        jobs=0,
        out=tuned / "scored",
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


def row(**changes: Any) -> dict[str, Any]:
    settings = CATALOGUE.find("method", "adam").defaults
    fields = {"task": "fir-natural", "task_settings": {}, "task_version": 1, "schema": 2, "method": "adam",
              "settings": {**settings, **changes.pop("settings", {})}, "protocol": "tuned-blind", "reference": False,
              "budget": None, "precision": "float64", "training": "fused", "salt": ""}  # fmt: skip
    return {**fields, **changes}


def test_a_label_names_the_protocol_for_the_settings() -> None:
    rows = [row(settings={"steps": 20}), row(task="fork", settings={"steps": 30}), row(protocol="default")]
    assert [one["label"] for one in with_labels(rows)] == ["adam [tuned-blind]", "adam [tuned-blind]", "adam"]


def test_two_settings_of_one_task_and_protocol_are_two_labels() -> None:
    rows = [row(settings={"steps": 20}), row(settings={"steps": 30}), row(settings={"steps": 20}, budget=9.0)]
    assert [one["label"] for one in with_labels(rows)] == [
        "adam:steps=20 [tuned-blind, budget=None]",
        "adam:steps=30 [tuned-blind, budget=None]",
        "adam [tuned-blind, budget=9.0]",
    ]


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


@pytest.mark.parametrize(
    ("grid", "why"),
    [
        ('{"scle": [0.1]}', "did you mean 'scale'"),
        ('{"scale": [-1.0]}', r"must be in \(0, inf\), not -1"),
        ('{"scale": ["a"]}', "must be a finite number, not 'a'"),
        ('{"scale": 0.1}', "must be a dict from settings to lists"),
        ('{"scale": []}', "must be a dict from settings to lists"),
    ],
)
def test_a_wrong_grid_of_a_plugin_says_why(tmp_path: Path, grid: str, why: str) -> None:
    lines = [
        "@register_method('mine')",
        "class A:",
        "    'Doc.'",
        "    ranges: ClassVar[dict] = {'scale': '(0, inf)'}",
        f"    grid: ClassVar[dict] = {grid}",
        "    scale: float = 0.3",
    ]
    (tmp_path / "mine.py").write_text("\n".join(lines))
    with pytest.raises(InputError, match=why):
        Catalogue.read([tmp_path / "mine.py"])


def test_a_grid_leaves_out_what_the_name_fixes_and_is_described(cli: Cli, tmp_path: Path) -> None:
    lines = [
        "@register_method('free')",
        "@register_method('held', scale=0.2)",
        "class A:",
        "    'Doc.'",
        "    grid: ClassVar[dict] = {'scale': [0.1, None], 'steps': [1, 2]}",
        "    scale: float | None = 0.3",
        "    steps: int = 1",
    ]
    (tmp_path / "mine.py").write_text("\n".join(lines))
    free, held = (Catalogue.read([tmp_path / "mine.py"]).find("method", name) for name in ("free", "held"))
    assert free.grid == {"scale": (0.1, None), "steps": (1, 2)}
    assert held.grid == {"steps": (1, 2)}
    assert set(free.defaults) == {"scale", "steps"}
    assert "scale=0.1|none" in cli("describe", "free", "--plugin", "mine.py").stdout


def test_the_product_of_a_grid_has_the_method_first_and_once() -> None:
    made = candidates(CATALOGUE, "adam", ["steps=10|2000|2000", "learning_rate=0.02|0.1"])
    pairs = [(one.settings["steps"], one.settings["learning_rate"]) for one in made]
    assert pairs[0] == (2000, 0.02)
    assert sorted(pairs) == sorted(itertools.product((10, 2000), (0.02, 0.1)))
