"""Newcomers beside results that exist, solutions on disk, parameters found elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Cli, make_job
from draws import task_and_job

import indmech_bench
from indmech_bench.analysis.labels import with_labels
from indmech_bench.analysis.status import status_of
from indmech_bench.errors import InputError, TruthNotFoundError
from indmech_bench.harness.against import plans_against, run_against
from indmech_bench.harness.external import document_of, export_observations, export_truths, score_file
from indmech_bench.harness.options import RunOptions
from indmech_bench.harness.replicates import draw_truth
from indmech_bench.registry.identity import KEYED, salt_digest
from indmech_bench.results.folder import read_folder
from indmech_bench.results.parameter_files import solution_path

ADAM, SGD = "adam:steps=5", "sgd:steps=5"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


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


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "obs"
    export_observations("fir-natural", seeds="3-4", out=folder)
    return folder


def test_exported_observations_are_what_methods_see(exported: Path) -> None:
    about = json.loads((exported / "observation.json").read_text())
    assert about["kind"] == "impulse"
    assert about["parameters"] == {"k1": [9], "k2": [5]}
    assert about["mechanisms"] == {"k1": ["k1"], "k2": ["k2"]}
    assert (about["n"], about["shape"], about["seeds"]) == (64, [64], [3, 4])
    for seed in (3, 4):
        with np.load(exported / f"seed-{seed}.npz") as file:
            assert (file["observations"] ** 2).sum() == pytest.approx(1, abs=1e-12)
            assert file["start.k2"].shape == (5,)


def arrays_in(path: Path) -> dict[str, Any]:
    with np.load(path) as file:
        return dict(file)


@pytest.mark.parametrize("salt", ["", "secret"])
@pytest.mark.parametrize("task", ["fir-natural", "toy-vae:images=8", "linear-gaussian-natural"])
def test_exported_truths_are_those_that_a_job_draws(cli: Cli, tmp_path: Path, task: str, salt: str) -> None:
    made = cli("export-truths", task, "truths.npz", "--seeds", "3-4", "--salt", salt)
    assert (made.returncode, made.stderr) == (0, "")
    size = (tmp_path / "truths.npz").stat().st_size
    assert made.stdout == f"truths.npz: the truths, {size:,} bytes; no method may see them\n"
    live, _ = task_and_job(task, [3, 4])
    truth = draw_truth(make_job("adam", [3, 4], task, salt=salt), live)
    found = arrays_in(tmp_path / "truths.npz")
    assert found.pop("seeds").tolist() == [3, 4]
    drawn = {f"truth.{name}": value.numpy() for name, value in truth.parameters.items()}
    drawn |= {f"fact.{name}": np.array(values, dtype=float) for name, values in live.facts(truth).items()}
    assert found.keys() == drawn.keys()
    for name, value in drawn.items():
        assert np.array_equal(found[name], value, equal_nan=True), name


def test_exported_facts_are_those_of_the_rows_of_a_run_with_that_salt(tmp_path: Path) -> None:
    out = tmp_path / "r"
    indmech_bench.run(tasks=["fir-natural"], methods=[ADAM], seeds="2-4", out=out, jobs=0, salt="secret")
    found = arrays_in(export_truths("fir-natural", tmp_path / "truths.npz", seeds="2-4", salt="secret"))
    rows = {row["seed"]: row["truth"] for row in read_folder(out) if row["method"] == "adam"}
    assert found["fact.log_generic_ratio"].tolist() == [rows[seed]["log_generic_ratio"] for seed in (2, 3, 4)]
    plain = arrays_in(export_truths("fir-natural", tmp_path / "plain.npz", seeds="2-4"))
    assert not np.isclose(plain["truth.k1"], found["truth.k1"]).any()


def test_an_exported_truth_is_what_score_takes_for_right(tmp_path: Path) -> None:
    found = arrays_in(export_truths("fir-natural", tmp_path / "truths.npz", seeds="3-3"))
    np.savez(tmp_path / "right.npz", k1=found["truth.k1"][0], k2=found["truth.k2"][0])
    metrics = score_file(tmp_path / "right.npz", task="fir-natural", seed=3)["metrics"]
    assert metrics["extrapolation_error"] < 1e-20
    assert metrics["identified"] == 1


def test_observations_are_exported_and_scored_with_the_salt_of_a_run(cli: Cli, tmp_path: Path) -> None:
    made = cli("export-observations", "fir-natural", "--seeds", "3-3", "--out", "obs", "--salt", "secret")
    assert made.returncode == 0, made.stderr
    true = arrays_in(export_truths("fir-natural", tmp_path / "truths.npz", seeds="3-3", salt="secret"))
    composite = np.convolve(true["truth.k1"][0], true["truth.k2"][0])
    assert np.allclose(arrays_in(tmp_path / "obs" / "seed-3.npz")["observations"][: len(composite)], composite)
    np.savez(tmp_path / "right.npz", k1=true["truth.k1"][0], k2=true["truth.k2"][0])
    found = "score", "right.npz", "--task", "fir-natural", "--seed", "3", "--name", "mine", "--out", "r"
    scored = cli(*found, "--salt", "secret")
    assert scored.returncode == 0, scored.stderr
    (row,) = read_folder(tmp_path / "r")
    assert row["metrics"]["extrapolation_error"] < 1e-20
    assert row["salt"] == salt_digest("secret")
    assert "secret" not in (tmp_path / "r" / "manifest.json").read_text()
    assert score_file(tmp_path / "right.npz", task="fir-natural", seed=3)["metrics"]["extrapolation_error"] > 1e-3


def test_truths_that_cannot_be_exported_get_a_sentence_and_write_nothing(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "mine.npz").write_bytes(b"mine")
    for arguments, sentence in (
        (("fir-naturl", "truths.npz", "--seeds", "2"), "unknown task 'fir-naturl': did you mean 'fir-natural'?"),
        (("fir-natural", "mine.npz", "--seeds", "2"), "'mine.npz' is there already: give another file."),
        (("fir-natural", "truths.npy", "--seeds", "2"), "'truths.npy' must end with .npz."),
        (("fir-natural", "truths.npz", "--seeds", "4-2"),
         "--seeds '4-2' is empty: give a number of 1 or more, or a range low-high."),
    ):  # fmt: skip
        made = cli("export-truths", *arguments)
        assert (made.returncode, made.stdout, made.stderr) == (2, "", f"indmech-bench: {sentence}\n")
    assert contents(tmp_path) == {"mine.npz": b"mine"}


@pytest.mark.parametrize("export", [export_observations, export_truths])
def test_a_truth_that_is_not_found_is_said_once(export: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_found(*given: Any) -> None:
        raise TruthNotFoundError("no draw came near.")

    for drawn in ("draw_truth", "pose_problem"):
        monkeypatch.setattr(f"indmech_bench.harness.external.{drawn}", none_found)
    place = {"out": tmp_path / "out"} if export is export_observations else {"path": tmp_path / "out.npz"}
    with pytest.raises(InputError, match=r"^no draw came near\.$"):
        export("fir-natural", seeds="1", **place)


def found_elsewhere(exported: Path, folder: Path) -> Path:
    """The exported start of seed 3 as if it had been found by other code, and how another factorisation would be."""
    with np.load(exported / "seed-3.npz") as file:
        np.savez(folder / "found.npz", k1=file["start.k1"], k2=file["start.k2"][None])
    return folder / "found.npz"


def test_parameters_from_elsewhere_score_as_those_of_a_method(exported: Path, tmp_path: Path, cli: Cli) -> None:
    plugin = tmp_path / "still.py"
    plugin.write_text(
        "from dataclasses import dataclass\nfrom indmech_bench import register_method\n"
        "@register_method('still')\n@dataclass(frozen=True)\nclass Still:\n    '''Its start.'''\n"
        "    def fit(self, problem):\n        return problem.solution(problem.start())\n"
    )
    out = tmp_path / "r"
    indmech_bench.run(tasks=["fir-natural"], methods=["still"], seeds="3-3", out=out, jobs=0, plugins=[plugin])
    (row,) = (row for row in read_folder(out) if row["method"] == "still")
    found = found_elsewhere(exported, tmp_path)
    made = cli("score", str(found), "--task", "fir-natural", "--seed", "3", "--name", "jax", "--out", "r")
    assert made.returncode == 0, made.stderr
    (scored,) = (row for row in read_folder(out) if row["method"] == "external-jax")
    assert scored["metrics"] == row["metrics"]
    assert (scored["source"], scored["settings"], scored["cost"]) == ("external", {}, None)
    shown = dict(line.split() for line in made.stdout.splitlines() if line.count(" ") and "─" not in line)
    assert shown["extrapolation_error"] == f"{row['metrics']['extrapolation_error']:.6g}"
    assert any(line.name == "external-jax" and line.rank for line in indmech_bench.leaderboard(out).lines)
    assert not any("external-jax" in change.why for change in status_of(out, why=True).changes or ())
    again = indmech_bench.run(tasks=["fir-natural"], methods=["still"], seeds="3-3", out=out, jobs=0, plugins=[plugin])
    assert again.resumed == 9
    assert len(indmech_bench.load(out)) == 10


def test_a_row_from_elsewhere_is_never_replaced(exported: Path, tmp_path: Path) -> None:
    found, out = found_elsewhere(exported, tmp_path), tmp_path / "r"
    for _ in range(2):
        score_file(found, task="fir-natural", seed=3, name="jax", out=out)
    before = (out / "runs.jsonl").read_bytes()
    np.savez(found, k1=np.ones(9), k2=np.ones(5))
    with pytest.raises(InputError, match=r"has another result of external-jax for fir-natural, seed 3: it stays"):
        score_file(found, task="fir-natural", seed=3, name="jax", out=out)
    assert (out / "runs.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"k1": np.ones(9)}, "holds k1; the parameters are k1, k2"),
        ({"k1": np.ones(8), "k2": np.ones(5)}, r"'k1' in .* is float64 of shape \(8,\), not real numbers"),
        ({"k1": np.ones(9), "k2": np.ones(5) * 1j}, "'k2' in .* is complex128"),
        ({"k1": np.ones(9), "k2": np.array([{}])}, "is object of shape"),
        (None, "is no .npz of numbers"),
    ],
)  # fmt: skip
def test_files_that_are_no_solution_are_refused(tmp_path: Path, arrays: Any, sentence: str) -> None:
    path = tmp_path / "found.npz"
    if arrays is None:
        path.write_text("no archive")
    else:
        np.savez(path, **arrays)
    with pytest.raises(InputError, match=sentence):
        score_file(path, task="fir-natural", seed=3)


def test_names_and_folders_that_are_taken_are_refused(exported: Path, tmp_path: Path) -> None:
    found = found_elsewhere(exported, tmp_path)
    with pytest.raises(InputError, match="not an empty folder"):
        export_observations("fir-natural", seeds="1", out=exported)
    with pytest.raises(InputError, match="--out needs --name LABEL"):
        score_file(found, task="fir-natural", seed=3, out=tmp_path / "r")
    with pytest.raises(InputError, match="--name 'a b' gives no free method name"):
        score_file(found, task="fir-natural", seed=3, name="a b")
    with pytest.raises(InputError, match="must lie within"):
        score_file(found, task="fir-natural", seed=20_000)


def test_a_solution_that_is_not_finite_says_so(tmp_path: Path) -> None:
    np.savez(tmp_path / "found.npz", k1=np.full(9, np.nan), k2=np.ones(5))
    row = score_file(tmp_path / "found.npz", task="fir-natural", seed=3)
    assert document_of(row).notes == ("nonfinite: the solution is not finite",)


def test_a_method_that_is_not_installed_shows_the_settings_that_vary() -> None:
    row = {"task": "fir-natural", "task_settings": {}, "reference": False, "protocol": "default", "method": "elsewhere"}
    fields = {**dict.fromkeys(KEYED), **row}
    one = [{**fields, "settings": {"scale": 0.3, "steps": 5}}, {**fields, "settings": {"scale": 0.3, "steps": 5}}]
    assert [row["label"] for row in with_labels(one)] == ["elsewhere", "elsewhere"]
    two = [*one, {**fields, "settings": {"scale": 0.5, "steps": 5}}]
    assert [row["label"] for row in with_labels(two)] == ["elsewhere:scale=0.3"] * 2 + ["elsewhere:scale=0.5"]
