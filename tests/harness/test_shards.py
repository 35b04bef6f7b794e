"""Shards: every cell in one of them, the same on every machine, and merged they are the whole run to the bit."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from folders import write_folder

from indmech_bench import run
from indmech_bench.errors import InputError
from indmech_bench.harness.cells import Cell, shared_search
from indmech_bench.harness.options import RunOptions
from indmech_bench.harness.planning import plan
from indmech_bench.harness.suites.shards import read_shard
from indmech_bench.results.merging import merge
from indmech_bench.results.provenance import without_salt


def test_every_cell_is_in_one_shard_and_searches_are_not_divided() -> None:
    whole = list(plan(RunOptions(suite="core")).cells)
    parts = [read_shard(f"{number}/4").of(whole) for number in range(4)]
    assert read_shard("0/1").of(whole) == whole
    assert sorted(map(id, whole)) == sorted(id(cell) for part in parts for cell in part)
    searches = [{shared_search(cell) for cell in part} - {None} for part in parts]
    assert max(Counter(search for part in searches for search in part).values()) == 1
    largest = max(Counter(filter(None, map(shared_search, whole))).values())
    assert max(map(len, parts)) - min(map(len, parts)) <= largest
    for part in parts:
        assert len({cell.task.label for cell in part}) > 0.9 * len({cell.task.label for cell in whole})
        assert len({cell.label for cell in part}) > 0.5 * len({cell.label for cell in whole})


@pytest.mark.parametrize("text", ["4/4", "0/0", "1", "-1/4", "a/b", "0/4/2", "1.0/2"])
def test_a_shard_that_is_none_is_said(text: str) -> None:
    with pytest.raises(InputError, match="must be I/N with I from 0 to N - 1"):
        read_shard(text)


def content(folder: Path) -> dict[str, Any]:
    rows = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]
    assert len({row["key"] for row in rows}) == len(rows)
    return {row["key"]: {k: v for k, v in row.items() if k not in ("run", "seconds", "check")} for row in rows}


def test_shards_merged_are_the_whole_run_to_the_bit(tmp_path: Path) -> None:
    methods = ["adam:steps=2", "multistart-flat:starts=2", "multistart-min-norm:starts=2"]
    options: dict[str, Any] = {"tasks": ["fir-natural"], "methods": methods, "seeds": "2", "jobs": 0}
    whole = run(**options, out=tmp_path / "whole")
    parts = [run(**options, shard=f"{number}/4", out=tmp_path / f"{number}") for number in range(4)]
    assert sum(part.ok for part in parts) == whole.ok
    merge([part.folder for part in parts], out=tmp_path / "merged")
    assert content(tmp_path / "merged") == content(tmp_path / "whole")


def of_shard(shard: str) -> tuple[Cell, ...]:
    return plan(RunOptions(tasks=["fir-natural"], methods=["adam:steps=2"], seeds="1", shard=shard)).cells


def test_an_empty_shard_is_a_success_and_its_folder_can_be_merged(tmp_path: Path, cli: Cli) -> None:
    empty = next(number for number in range(40) if not of_shard(f"{number}/40"))
    made = cli("run", "--task", "fir-natural", "--method", "adam:steps=2", "--seeds", "1", "--shard", f"{empty}/40")
    assert (made.returncode, made.stdout) == (0, "0 ok, 0 failed, 0 skipped\n")
    other = write_folder(tmp_path / "b", {("fir-natural", "adam"): [0.5]})
    merged = merge([tmp_path / f"results/local-{empty}-of-40", other], out=tmp_path / "c")
    assert merged.rows == 1


def test_a_salt_is_masked_where_it_stands_and_nowhere_else() -> None:
    command = ["indmech-bench", "run", "--task", "a", "--salt", "a", "--out", "a", "--salt=a", "--seeds", "3"]
    masked = ["indmech-bench", "run", "--task", "a", "--salt", "***", "--out", "a", "--salt=***", "--seeds", "3"]
    assert without_salt(command) == masked


def test_a_folder_with_a_newline_in_its_name_takes_one_line(cli: Cli, tmp_path: Path) -> None:
    names = ("a\n!b", "c\n!d")
    for seed, name in enumerate(names):
        write_folder(tmp_path / name, {("fir-natural", "adam"): [0.5]}, seed=seed, run=f"{seed}")
    for words in (
        ("compare", *names, "--format", "latex"),
        ("merge", *names, "--out", "e\n!f"),
        ("status", "g\n!h"),
    ):
        made = cli(*words)
        assert not any(line.startswith("!") for line in (made.stdout + made.stderr).splitlines())
