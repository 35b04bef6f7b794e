"""The words of statuses and the fields of rows: one list each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import indmech_bench
from indmech_bench.registry.identity import KEYED
from indmech_bench.results.folder import read_folder
from indmech_bench.results.row_fields import FIELDS, Identity, Row
from indmech_bench.results.row_lines import CHECK
from indmech_bench.results.rows import count
from indmech_bench.results.statuses import FAILED, Status


def test_a_status_is_its_word_in_files_and_in_tables() -> None:
    assert json.dumps({"status": Status.OK}) == '{"status": "ok"}'
    assert {Status.OK: 1}["ok"] == 1
    assert f"{Status.NONFINITE}" == "nonfinite"
    assert {"error", "timeout"} < FAILED
    assert not FAILED & {"ok", "skipped"}
    assert list(count([])) == [*Status]


def test_the_fields_that_are_checked_are_those_of_a_row_and_a_run_writes_no_other(tmp_path: Path) -> None:
    assert list(FIELDS) == list(get_type_hints(Row))
    assert FIELDS["budget"] == (int, float, type(None))
    assert {*Identity.__annotations__, "seed"} - {"reference"} == set(KEYED)
    indmech_bench.run(tasks=["fir-natural"], methods=["adam:steps=2"], seeds="1", out=tmp_path / "r", jobs=0)
    for row in read_folder(tmp_path / "r"):
        assert set(row) == {*FIELDS, CHECK}


def test_statuses_need_no_torch() -> None:
    code = "import sys, indmech_bench.results.statuses; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
