"""Newcomers beside results that exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from folders import contents

import indmech_bench
from indmech_bench.errors import InputError
from indmech_bench.harness.against import plans_against, run_against
from indmech_bench.harness.external.scoring import score_file
from indmech_bench.harness.options import RunOptions
from indmech_bench.results.folder import read_folder
from indmech_bench.results.parameter_files import solution_path

ADAM, SGD = "adam:steps=5", "sgd:steps=5"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of two tasks with seeds of their own, a gap in one's, and a budget and a precision."""
    folder = tmp_path_factory.mktemp("against") / "base"
    common: dict[str, Any] = {"methods": [ADAM], "out": folder, "jobs": 0, "with_references": False}
    indmech_bench.run(tasks=["fir-natural"], seeds="0-1", budget=1000, **common)
    indmech_bench.run(tasks=["fir-natural"], seeds="5-5", budget=1000, **common)
    indmech_bench.run(tasks=["fir-spectrum:taps=5x3"], seeds="2-3", precision="float32", **common)
    return folder


def test_a_newcomer_runs_where_the_others_have_and_both_are_shown(cli: Cli, tmp_path: Path, base: Path) -> None:
    before = contents(base)
    made = cli("run", "--against", str(base), "--method", SGD, "--save-solutions", "--jobs", "0")
    assert made.returncode == 0, made.stderr
    assert contents(base) == before
    assert made.stdout.endswith("5 ok, 0 failed, 0 skipped\n")
    table = made.stdout[: made.stdout.index("identified, by task")]
    for label in ("adam:steps=5", "sgd:steps=5"):
        (line,) = {row for row in table.splitlines() if f" {label}" in row and "budget=1000" in row and "3/5" in row}
        assert line.lstrip().startswith("–")  # it lacks two pairs: no rank
    rows = read_folder(tmp_path / "results" / "sgd")
    fields = ("task", "task_settings", "seed", "budget", "precision", "salt", "task_version", "protocol")
    met = [[{name: row[name] for name in fields} for row in some] for some in (rows, read_folder(base))]
    assert sorted(met[0], key=str) == sorted(met[1], key=str)
    assert not any(row["reference"] for row in rows)
    for row in rows:
        path = solution_path(tmp_path / "results" / "sgd", row["task"], "sgd", row["key"])
        scored = score_file(path, task="fir-natural" if row["task"] == "fir-natural" else "fir-spectrum:taps=5x3",
                            seed=row["seed"])  # fmt: skip
        for name, value in row["metrics"].items():
            assert scored["metrics"][name] == pytest.approx(value, rel=1e-6, abs=1e-12), name


def test_solutions_that_were_not_kept_are_told(cli: Cli, tmp_path: Path) -> None:
    run = ["run", "--task", "fir-natural", "--method", ADAM, "--seeds", "2", "--out", "r", "--jobs", "0"]
    indmech_bench.run(tasks=["fir-natural"], methods=[ADAM], seeds="2", out=tmp_path / "r", jobs=0)
    made = cli(*run, "--save-solutions")
    assert "2 rows were made before without their solutions; --fresh makes them" in made.stderr


def test_what_cannot_be_run_against_is_refused(tmp_path: Path, base: Path) -> None:
    with pytest.raises(InputError, match="--against needs the newcomer"):
        run_against(base)
    with pytest.raises(InputError, match="is the folder to run against, which stays as it is"):
        run_against(base, methods=[SGD], out=base)
    salted = tmp_path / "salted"
    indmech_bench.run(tasks=["fir-natural"], methods=[ADAM], seeds="1", out=salted, jobs=0, salt="x")
    with pytest.raises(InputError, match="has a salt, of which a folder keeps only a digest"):
        run_against(salted, methods=[SGD])


def test_another_version_of_a_task_is_refused(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{**row, "task_version": 7} for row in read_folder(base)]
    monkeypatch.setattr("indmech_bench.harness.against.read_folder", lambda folder: rows)
    with pytest.raises(InputError, match=r"has version 7 of fir-natural, today's is 1: run its methods anew"):
        plans_against(base, RunOptions(methods=[SGD]))


def test_a_dry_run_against_a_folder_shows_what_would_run_and_runs_nothing(cli: Cli, tmp_path: Path, base: Path) -> None:
    shown = cli("run", "--against", str(base), "--method", SGD, "--dry-run")
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert [line for line in lines if not line.startswith("results/sgd: ")] == [
        "fir-natural  sgd:steps=5  2 of 2 seeds to run",
        "fir-natural  sgd:steps=5  1 of 1 seeds to run",
        "fir-spectrum:taps=5x3  sgd:steps=5  2 of 2 seeds to run",
        lines[-1],
    ]
    assert lines[-1].startswith("5 rows to run: about ")
    assert not (tmp_path / "results").exists()


def settings_file(folder: Path, task: str) -> Path:
    file = folder / "tuned.toml"
    indmech_bench.tune(
        "adam:steps=5", task=task, protocol="blind", seeds="10000-10000", grid=["learning_rate=0.1"], out=file, jobs=0
    )
    return file


def test_a_tuned_newcomer_runs_on_the_task_that_it_was_tuned_on(tmp_path: Path, base: Path) -> None:
    with pytest.warns(UserWarning, match="this run has"):
        (what,) = plans_against(base, RunOptions(settings=[settings_file(tmp_path, "fir-spectrum:taps=5x3")]))
    (cell,) = what.cells
    assert (cell.task.label, cell.protocol) == ("fir-spectrum:taps=5x3", "tuned-blind")
    assert what.folder == Path("results/adam")


def test_a_newcomer_tuned_elsewhere_is_refused(tmp_path: Path, base: Path) -> None:
    with pytest.raises(InputError, match=r"is for task 'fork', of which '.*' has no rows"):
        run_against(base, settings=[settings_file(tmp_path, "fork")])


def test_what_the_folder_says_is_not_to_be_given(cli: Cli, base: Path) -> None:
    made = cli("run", "--against", str(base), "--method", SGD, "--seeds", "2")
    assert made.returncode == 2
    assert made.stderr == f"indmech-bench: --against takes it from '{base}': leave out --seeds.\n"
    for given, flag in (({"suite": "core"}, "the suite"), ({"tasks": ["fork"]}, "--task"), ({"salt": "x"}, "--salt")):
        with pytest.raises(InputError, match=f"leave out {flag}"):
            plans_against(base, RunOptions(methods=[SGD], **given))
