"""Truths that are exported: those that a job draws, and those that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Cli, make_job
from draws import task_and_job
from folders import contents

import indmech_bench
from indmech_bench.errors import InputError, TruthNotFoundError
from indmech_bench.harness.external.exporting import export_observations, export_truths
from indmech_bench.harness.external.scoring import score_file
from indmech_bench.harness.replicates import draw_truth
from indmech_bench.registry.identity import salt_digest
from indmech_bench.results.folder import read_folder


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
    indmech_bench.run(tasks=["fir-natural"], methods=["adam:steps=5"], seeds="2-4", out=out, jobs=0, salt="secret")
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

    for drawn in ("exporting.draw_truth", "posing.pose_problem"):
        monkeypatch.setattr(f"indmech_bench.harness.external.{drawn}", none_found)
    place = {"out": tmp_path / "out"} if export is export_observations else {"path": tmp_path / "out.npz"}
    with pytest.raises(InputError, match=r"^no draw came near\.$"):
        export("fir-natural", seeds="1", **place)
