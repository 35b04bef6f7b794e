"""A run where there are rows already: what stays, what is tried again, and in which groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conftest import Cli
from documents import records
from folders import rows_of
from misbehaving import PLUGIN, digests

from indmech_bench.harness.benchmark import _groups
from indmech_bench.harness.cells import make_cells
from indmech_bench.registry.catalogue import Catalogue


def test_failures_stay_done_until_they_are_retried(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "plug.py").write_text(PLUGIN.format(seeds=digests(range(4))))
    command = ("run", "--task", "fir-natural", "--method", "misbehaving", "--seeds", "4", "--plugin", "plug.py",
               "--out", "r")  # fmt: skip
    cli(*command)
    before = (tmp_path / "r/runs.jsonl").read_text()
    again = cli(*command)
    assert again.returncode == 1
    assert again.stdout.splitlines() == ["36 rows were there already", "34 ok, 2 failed, 0 skipped"]
    assert (tmp_path / "r/runs.jsonl").read_text() == before
    retried = cli(*command, "--retry-failed")
    assert retried.stdout.splitlines() == ["34 rows were there already", "34 ok, 2 failed, 0 skipped"]
    after = (tmp_path / "r/runs.jsonl").read_text()
    assert after.startswith(before)
    assert len(after.splitlines()) == 38
    assert len(records(cli("leaderboard", "r", "--format", "json").stdout)) == 9


def test_fresh_keeps_what_was_there(cli: Cli, tmp_path: Path) -> None:
    command = ("run", "--task", "fir-natural", "--method", "adam:steps=2", "--seeds", "1", "--out", "r")
    cli(*command)
    before = (tmp_path / "r/runs.jsonl").read_text()
    made = cli(*command, "--fresh")
    aside = Path(made.stderr.split("the folder that was there is now ")[1].splitlines()[0])
    assert (tmp_path / aside / "runs.jsonl").read_text() == before
    assert len(rows_of(tmp_path / "r")) == 9


def test_never_tried_seeds_come_apart_from_those_that_hung() -> None:
    """On --retry-failed seeds that hung alone use up no limit of those that were not tried."""
    (*_, cell) = make_cells(
        Catalogue.read(), ["fir-natural"], ["adam"], salt="", budget=None, precision="float64", training="fused"
    )
    keys = cell.keys(range(6))
    reasons = {0: "over the limit of 1 s", 1: "not retried: 4 time limits of 1 s are spent", 3: "ValueError: no"}
    rows: Any = {keys[seed]: {"reason": reason} for seed, reason in reasons.items()}
    assert [*_groups(cell, range(5), rows)] == [[1, 2, 4], [0, 3]]
