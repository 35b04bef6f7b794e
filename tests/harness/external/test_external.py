"""Parameters found elsewhere: what is exported for other code, and how what it found is scored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Cli

import indmech_bench
from indmech_bench.analysis.status import status_of
from indmech_bench.errors import InputError
from indmech_bench.harness.external.exporting import export_observations
from indmech_bench.harness.external.scoring import document_of, score_file
from indmech_bench.results.folder import read_folder


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
