"""The command line, as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Cli
from documents import records

from indmech_bench.harness.options import RunOptions
from indmech_bench.harness.planning import plan

BAD = [
    (["run", "--task", "fir-natrual"], "did you mean 'fir-natural'?"),
    (["run", "--task", "fir-natural", "--method", "adma"], "did you mean 'adam'?"),
    (["run", "--task", "fir-natural:tap=7x5"], "did you mean 'taps'?"),
    (["run", "--task", "fir-natural:taps=7"], "2 lengths such as 9x5"),
    (["run", "--task", "fir-natural:observation=impuls"], "did you mean 'impulse'?"),
    (["run", "--task", "fir-natural:learner=8x5"], "at least the taps 9x5 of the truth"),
    (["run", "--task", "fir-samples:noise=20"], "is for the observation 'impulse', not 'samples'"),
    (["run", "--task", "fir-spectrum:taps=30x30"], "an autocorrelation of 117 taps, longer than 64"),
    (["run", "--task", "deep-3-k1:mechanism=4"], "mechanism 4 does not exist: taps 7x5x3 are 3 kernels"),
    (["run", "--task", "environments-2:environments=65"], "must be in [1, 64], not 65"),
    (
        ["run", "--task", "fork:observation=impulse"],
        "unknown observation 'impulse': did you mean 'samples'? known are: samples, spectrum.",
    ),
    (["run", "--task", "linear-gaussian-natural:observation=covarianc"], "did you mean 'covariance'?"),
    (["run", "--task", "fir-natural:taps=70x5"], "longer than the signal of 64"),
    (["run", "--task", "fir-natural:tolerance=-1"], "must be in (0, inf), not -1"),
    (["run", "--task", "fir-natural:dependence=9"], "cannot be reached"),
    (["run", "--task", "fir-natural", "--method", "adam:learning_rate=fast"], "a finite number, not 'fast'"),
    (["run", "--task", "fir-natural", "--method", "adam:steps=1.5"], "a whole number, not '1.5'"),
    (["run", "--task", "fir-natural", "--method", "adam", "--method", "adam:steps=2000"], "'adam' is given twice"),
    (["run", "--task", "fir-natural", "--method", "multistart-fit:criterion=norm"], "is fixed by the name"),
    (["run", "smok"], "did you mean 'smoke'?"),
    (["run", "missing.toml"], "'missing.toml' does not exist"),
    (["run", "--seeds", "5-3"], "'5-3' is empty"),
    (["run", "--seeds", "0"], "'0' is empty"),
    (["run", "--seeds=-3"], "'-3' must be a number"),
    (["run", "--seeds", "9990-10010"], "must lie within"),
    (["run", "--jobs", "-1"], "--jobs -1 must be 0"),
    (["run", "--timeout", "0"], "--timeout 0 must be"),
    (["run", "--budget", "0"], "--budget 0 must be"),
    (["run", "--precision", "float16"], "did you mean 'float64'?"),
    (["run", "--training", "fsed"], "unknown way of training 'fsed': did you mean 'fused'?"),
    (["run", "--plugin", "none.py"], "none.py' is not a file"),
    (["run", "--bogus"], "No such option: --bogus"),
    (["run", "--seeds", "1", "--out", "/proc/none/x"], "cannot write to '/proc/none/x'"),
    (["list", "methds"], "did you mean 'methods'?"),
    (["describe", "adm"], "did you mean 'adam'?"),
    (["leaderboard", "nowhere"], "holds no results"),
    (["status", "nowhere"], "holds no results"),
    (["leaderboard", "nowhere", "--format", "htm"], "did you mean 'html'?"),
    (["leaderboard", "nowhere", "--group-by", "famly"], "did you mean 'family'?"),
    (["leaderboard", "nowhere", "--standings", "--format", "cvs"], "did you mean 'csv'?"),
    (["compare", "nowhere", "nowhere"], "'nowhere' holds no results"),
    (["compare", "nowhere", "nowhere", "--format", "latx"], "known are: csv, html, json, latex, md, table."),
    (["list", "tasks", "--format", "jsn"], "did you mean 'json'?"),
    (["merge", "nowhere", "nowhere", "--out", "d"], "'nowhere' holds no results"),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD, ids=lambda value: value[-1] if isinstance(value, list) else "")
def test_bad_input_gets_one_sentence_and_nothing_is_written(
    cli: Cli, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    made = cli(*arguments)
    assert made.returncode == 2
    assert sentence in made.stderr
    assert len(made.stderr.strip().splitlines()) == 1
    assert made.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('tasks = ["fir-natural"]\nseed = 3\n', "did you mean 'seeds'?"),
        ('tasks = "fir-natural"\n', "must be a list of task names"),
        ("tasks = []\n", "names no tasks"),
        ("tasks = [\n", "cannot be read"),
        ('tasks = ["fir-natural"]\ntimeout = true\n', "must be a number of seconds"),
    ],
)
def test_a_wrong_suite_file_gets_one_sentence(cli: Cli, tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    made = cli("run", "mine.toml")
    assert (made.returncode, made.stdout) == (2, "")
    assert sentence in made.stderr
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = (", "cannot be read"),
        ("x = 1", "registers nothing"),
        ("@register_method('adam')\nclass A:\n    'Doc.'\n", "a name taken by adam.py"),
    ],
)
def test_a_wrong_plugin_gets_one_sentence(cli: Cli, tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "plug.py").write_text(text)
    made = cli("run", "--task", "fir-natural", "--plugin", "plug.py")
    assert (made.returncode, made.stdout) == (2, "")
    assert sentence in made.stderr
    assert not (tmp_path / "results").exists()


def test_closed_standard_output_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    command = f"{sys.executable} -m indmech_bench.cli run smoke >&-"
    made = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert made.returncode == 2
    assert "standard output is closed" in made.stderr
    assert list(tmp_path.iterdir()) == []


RUN = ("run", "--task", "fir-natural", "--method", "adam:steps=20", "--out", "r")


def test_run_resume_leaderboard_and_status(cli: Cli, tmp_path: Path) -> None:
    first = cli(*RUN, "--seeds", "3")
    assert first.returncode == 0
    assert first.stdout.splitlines()[-1] == "27 ok, 0 failed, 0 skipped"
    before = (tmp_path / "r/runs.jsonl").read_text()

    again = cli(*RUN, "--seeds", "3")
    assert again.stdout.splitlines() == ["27 rows were there already", "27 ok, 0 failed, 0 skipped"]
    assert (tmp_path / "r/runs.jsonl").read_text() == before

    more = cli(*RUN, "--seeds", "2-4")
    assert more.stdout.splitlines()[0] == "9 rows were there already"
    assert (tmp_path / "r/runs.jsonl").read_text().startswith(before)
    assert len(json.loads((tmp_path / "r/manifest.json").read_text())["runs"]) == 2

    lines = {line["method"]: line for line in records(cli("leaderboard", "r", "--format", "json").stdout)}
    assert lines["oracle"]["rank"] is None
    assert lines["oracle"]["median_extrapolation_error"] == 0
    assert lines["no-intervention"]["median_extrapolation_error"] == pytest.approx(1, abs=1e-9)
    assert lines["adam:steps=20"]["rank"] == 1
    for form in ("table", "md", "csv"):
        assert "adam:steps=20" in cli("leaderboard", "r", "--format", form).stdout
    assert "45 ok" in cli("status", "r").stdout
    assert "all rows are what today's code would make" in cli("status", "r", "--why").stdout


def test_a_torn_last_line_is_healed_and_another_schema_refused(cli: Cli, tmp_path: Path) -> None:
    cli(*RUN, "--seeds", "1")
    runs = tmp_path / "r/runs.jsonl"
    whole = runs.read_text()
    runs.write_text(whole[:-30])
    made = cli(*RUN, "--seeds", "1")
    assert "torn last line" in made.stderr
    assert made.stdout.splitlines()[-1] == "9 ok, 0 failed, 0 skipped"
    assert sorted(json.loads(line)["key"] for line in runs.read_text().splitlines()) == sorted(
        json.loads(line)["key"] for line in whole.splitlines()
    )
    for schema, advice in ((3, "upgrade"), (1, "read it with the version that made it")):
        runs.write_text(whole.replace('"schema": 2', f'"schema": {schema}'))
        other = cli("leaderboard", "r")
        assert other.returncode == 2
        assert f"has schema {schema}, and this version reads 2: {advice}" in other.stderr


def test_a_budget_that_is_too_small_is_a_status(cli: Cli, tmp_path: Path) -> None:
    made = cli("run", "--task", "fir-natural", "--method", "adam", "--seeds", "2", "--budget", "100", "--out", "r")
    assert made.returncode == 1
    assert made.stdout.splitlines()[-1] == "16 ok, 2 failed, 0 skipped"
    reason = "a step of 6,000 units was asked for when 100 of 100 were left"
    assert reason in cli("status", "r", "--failures").stdout
    board = records(cli("leaderboard", "r", "--format", "json").stdout)
    adam = next(line for line in board if line["method"].startswith("adam"))
    assert (adam["score"], adam["identified"], adam["median_extrapolation_error"]) == (0, 0, "inf")


def test_dry_run_writes_nothing(cli: Cli, tmp_path: Path) -> None:
    made = cli("run", "smoke", "--dry-run")
    methods, references = (records(cli("list", kind, "--json").stdout) for kind in ("methods", "references"))
    beside = [reference for reference in references if reference["families"] == "all"]
    assert 0 < len(beside) < len(references)
    assert f"{(len(methods) + len(beside)) * 4 * 2} rows, 0 there already" in made.stdout
    assert list(tmp_path.iterdir()) == []


def test_smoke_covers_every_method(cli: Cli) -> None:
    listed = {record["name"] for record in records(cli("list", "methods", "--json").stdout)}
    assert listed <= {cell.method.name for cell in plan(RunOptions(suite="smoke")).cells}
    assert cli("--version").stdout.startswith("indmech-bench ")


@pytest.mark.parametrize("option", [["--salt", "hush-hush"], ["--salt=hush-hush"]])
def test_a_salt_is_written_nowhere(cli: Cli, tmp_path: Path, option: list[str]) -> None:
    assert cli(*RUN, "--seeds", "1", *option).returncode == 0
    files = [path for path in (tmp_path / "r").rglob("*") if path.is_file()]
    assert files
    assert all(b"hush-hush" not in path.read_bytes() for path in files)
