"""Tuning: who is chosen by what, and what becomes of the choice."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli

from indmech_bench.candidates import Candidate, candidates, choose
from indmech_bench.catalogue import Catalogue
from indmech_bench.errors import InputError
from indmech_bench.registry import build, resolve
from indmech_bench.settings import Named
from indmech_bench.tuned import read_tuned
from indmech_bench.tuning import tune
from indmech_bench.views import with_labels

CATALOGUE = Catalogue.read()
METHODS = CATALOGUE.of_kind("method")
SHORT = ("tune", "adam:steps=20", "--task", "fir-natural", "--seeds", "10000-10002", "--jobs", "1")
GRID = ("--grid", "learning_rate=0.01|0.1")


def read_rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]


def doctor(folder: Path, metrics: dict[float, dict[str, float]]) -> None:
    """Give the rows of each learning rate other metrics."""
    rows = read_rows(folder)
    for row in rows:
        row["metrics"] |= metrics[row["settings"]["learning_rate"]]
    (folder / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


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

        def again(protocol: str = protocol) -> None:
            tune(
                "adam:steps=20",
                task="fir-natural",
                protocol=protocol,
                seeds="10000-10002",
                grid=["learning_rate=0.01|0.1"],
                jobs=0,
                out=folder / f"{protocol}.toml",
            )

        again()
        (folder / f"{protocol}.toml").unlink()
        doctor(folder / protocol, disagree)
        before = (folder / protocol / "runs.jsonl").read_bytes()
        again()
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


def test_tuned_methods_run_on_their_task_and_are_lines_of_their_own(cli: Cli, tmp_path: Path, tuned: Path) -> None:
    files = ("--settings", str(tuned / "blind.toml"), "--settings", str(tuned / "oracle.toml"))
    run = ("run", "--task", "fir-natural", "--task", "fir-generic", "--method", "adam:steps=20,learning_rate=0.1",
           *files, "--seeds", "2", "--jobs", "1", "--out", "r")  # fmt: skip
    assert cli(*run).stdout == "40 ok, 0 failed, 0 skipped\n"
    rows = [row for row in read_rows(tmp_path / "r") if row["method"] == "adam"]
    assert sorted(
        (row["task"], row["protocol"], row["settings"]["learning_rate"]) for row in rows if not row["seed"]
    ) == [
        ("fir-generic", "default", 0.1),
        ("fir-natural", "default", 0.1),
        ("fir-natural", "tuned-blind", 0.1),
        ("fir-natural", "tuned-oracle", 0.01),
    ]
    errors = {row["protocol"]: row["metrics"] for row in rows if row["task"] == "fir-natural" and row["seed"] == 0}
    assert errors["default"] == errors["tuned-blind"] != errors["tuned-oracle"]  # the protocol is no part of the fit
    assert cli(*run).stdout.splitlines()[0] == "40 rows were there already"
    lines = json.loads(cli("leaderboard", "r", "--format", "json").stdout)["lines"]
    ok = {line["method"]: line["ok"] for line in lines if not line["reference"]}
    assert ok == {"adam:learning_rate=0.1,steps=20": 4, "adam [tuned-blind]": 2, "adam [tuned-oracle]": 2}
    status = cli("status", "r", "--why").stdout
    assert "missing: fir-generic adam [tuned-blind], 2 of 2 seeds" in status
    assert "all rows are what today's code would make" in status


def test_a_failed_tuned_row_is_tried_again(cli: Cli, tmp_path: Path, tuned: Path) -> None:
    run = ("run", "--settings", str(tuned / "blind.toml"), "--seeds", "1", "--jobs", "1", "--out", "r")
    assert cli(*run, "--timeout", "0.001").returncode == 1
    assert cli(*run).returncode == 1
    again = cli(*run, "--retry-failed")
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "9 ok, 0 failed, 0 skipped")
    assert [row["method"] for row in read_rows(tmp_path / "r") if not row["reference"]][-1] == "adam"


def test_a_suite_lists_settings_files_beside_it(cli: Cli, tuned: Path) -> None:
    (tuned / "mine.toml").write_text('tasks = ["fir-natural", "fork"]\nmethods = ["sgd"]\nsettings = ["blind.toml"]\n')
    suite = str(tuned / "mine.toml")
    assert (
        "fir-natural  adam:learning_rate=0.1,steps=20 [tuned-blind]  32 of 32" in cli("run", suite, "--dry-run").stdout
    )
    assert "adam" not in cli("run", suite, "--task", "fork", "--dry-run").stdout
    assert "tuned-blind" not in cli("run", suite, "--method", "adam", "--dry-run").stdout


def test_another_budget_is_said_and_the_run_decides(cli: Cli, tuned: Path) -> None:
    made = cli("run", "--settings", str(tuned / "blind.toml"), "--budget", "1000", "--dry-run")
    assert made.returncode == 0
    assert "was tuned with budget none, this run has 1000" in made.stderr


def row(**changes: Any) -> dict[str, Any]:
    settings = CATALOGUE.find("method", "adam").defaults
    fields = {"task": "fir-natural", "task_settings": {}, "task_version": 1, "schema": 1, "method": "adam",
              "settings": {**settings, **changes.pop("settings", {})}, "protocol": "tuned-blind", "reference": False,
              "budget": None, "precision": "float64", "salt": ""}  # fmt: skip
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
    blind = cli(*SHORT, *GRID, "--protocol", "blind", "--out", "blind.toml")
    assert "e (median)" not in blind.stdout
    assert "fit (median)" in blind.stdout
    table = [line.split() for line in blind.stdout.splitlines()[1:4]]
    best = min(range(3), key=lambda i: float(table[i][-2]))
    assert [cells[0] == "*" for cells in table] == [i == best for i in range(3)]
    assert "e (median)" in cli(*SHORT, *GRID, "--protocol", "oracle", "--out", "oracle.toml").stdout
    assert {row["seed"] for row in read_rows(tmp_path / "blind")} == {10000, 10001, 10002}


def test_candidates_that_fail_lose_and_where_all_do_nothing_is_written(cli: Cli, tmp_path: Path) -> None:
    tight = (*SHORT, "--protocol", "blind", "--grid", "steps=10|30", "--out", "t.toml")
    assert "setting 'steps' is given by 'adam:steps=20' already" in cli(*tight).stderr
    some = ("tune", "adam:learning_rate=0.1", *SHORT[2:], "--protocol", "blind", "--grid", "steps=10|30", "--out")
    made = cli(*some, "some.toml", "--budget", "50")
    assert made.returncode == 0
    assert [line.split()[-1] for line in made.stdout.splitlines()[1:4]] == ["3", "0", "3"]
    assert read_tuned(tmp_path / "some.toml", CATALOGUE).method.settings["steps"] == 10
    none = cli(*some, "none.toml", "--budget", "5")
    assert none.returncode == 1
    assert (
        "every candidate failed on half of the seeds or more, so nothing was written; budget: a step of" in none.stderr
    )
    assert not (tmp_path / "none.toml").exists()


def test_the_same_command_keeps_its_file_and_another_is_refused(cli: Cli, tuned: Path) -> None:
    before = (tuned / "blind.toml").read_bytes()
    same = cli(*SHORT, *GRID, "--protocol", "blind", "--out", str(tuned / "blind.toml"))
    assert (same.returncode, (tuned / "blind.toml").read_bytes()) == (0, before)
    for other in (
        ("--protocol", "oracle"),
        ("--protocol", "blind", "--budget", "900"),
        ("--protocol", "blind", "--seeds", "10000-10001"),
    ):
        made = cli(*SHORT, *GRID, *other, "--out", str(tuned / "blind.toml"))
        assert made.returncode == 2
        assert "is there already and has" in made.stderr
        assert "give another --out" in made.stderr
    assert (tuned / "blind.toml").read_bytes() == before


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
def test_a_wrong_settings_file_gets_one_sentence(
    tuned: Path, tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    from indmech_bench.harness import plan

    text = (tuned / "blind.toml").read_text()
    assert old in text
    (tmp_path / "edited.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(InputError) as raised:
        plan(tasks=["fir-natural"], settings=[tmp_path / "edited.toml"])
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
