"""What a newcomer types first: help, names, pipes, terminals of old encodings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from folders import write_folder

from indmech_bench.analysis import status as status_module
from indmech_bench.analysis import status_columns
from indmech_bench.analysis.status import status_of
from indmech_bench.cli.app import app
from indmech_bench.cli.completion import every_name, task_names
from indmech_bench.results.files import row_file_name
from indmech_bench.results.folder import read_folder
from indmech_bench.results.row_lines import with_check, write_line
from indmech_bench.text.writing import write

Shown = pytest.CaptureFixture[str]


def called(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own, its output as bytes."""
    command = [sys.executable, "-m", "indmech_bench", *arguments]
    return subprocess.run(command, capture_output=True, timeout=120, env={**os.environ, **environment})


def test_the_bare_command_is_its_help(capsys: Shown) -> None:
    shown = []
    for arguments in ([], ["-h"], ["--help"]):
        assert app(arguments, standalone_mode=False) in (0, None)
        shown.append(capsys.readouterr().out)
    assert shown[0].strip() == shown[1].strip() == shown[2].strip()
    assert shown[0].startswith("Usage: ")
    commands = shown[0].partition("Commands:")[2].strip().splitlines()
    assert len(commands) >= 19
    assert all(line.endswith(".") and not line.endswith("...") and len(line) <= 80 for line in commands)
    assert "--install-completion" in shown[0]


def test_names_are_completed() -> None:
    assert task_names("fir-sp") == ["fir-spectrum", "fir-sparse"]
    assert {"adam", "core", "score", "oracle", "fork"} <= set(every_name(""))
    made = called(_INDMECH_BENCH_COMPLETE="complete_bash", COMP_WORDS="indmech-bench run --task fir-sw", COMP_CWORD="3")
    assert made.stderr == b""


def test_an_encoding_that_lacks_signs_gets_them_spelled_out(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "r", {("fork", "adam"): [0.1, 0.2], ("fork", "sgd"): [np.inf, 0.1]})
    for encoding in ("ascii", "cp1252"):
        made = called("leaderboard", str(folder), PYTHONIOENCODING=encoding)
        assert (made.returncode, made.stderr) == (0, b"")
        text = made.stdout.decode(encoding)
        assert "?" not in text
        assert "-----" in text
        assert " adam " in text
    made = called("describe", "nothing-ρ", PYTHONIOENCODING="ascii")
    assert made.returncode == 2
    assert b"unknown name 'nothing-rho'" in made.stderr


def test_a_pipe_that_nobody_reads_ends_without_a_word(tmp_path: Path) -> None:
    shell = f"{sys.executable} -m indmech_bench list tasks --format json | head -c 1; exit ${{PIPESTATUS[0]}}"
    made = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=120)
    assert (made.stdout, made.stderr) == ("{", "")
    assert made.returncode in (0, 141)  # 0 where all of it went into the pipe before its reader was gone


def test_a_task_says_what_is_observed_and_what_is_looked_for(capsys: Shown) -> None:
    app(["describe", "fir-natural:taps=7x3,observation=spectrum"], standalone_mode=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-5:] == [
        "what a method sees of a seed of fir-natural:observation=spectrum,taps=7x3:",
        "  observations  spectrum, shape (33,)",
        "what it looks for, a parameter a line:",
        "  k1  shape (7,), mechanism k1",
        "  k2  shape (3,), mechanism k2",
    ]


@pytest.fixture
def failed(tmp_path: Path) -> Path:
    """Two methods on two tasks: one crashes on 5 seeds, each with another number in its reason, one is skipped."""
    cells = {(task, "adam"): [0.1, 0.2, *[np.inf] * 5] for task in ("fork", "fir-natural")}
    folder = write_folder(tmp_path / "r", cells)
    skipped = write_folder(tmp_path / "s", {("fork", "sgd"): [np.inf] * 7}, changes={"status": "skipped"})
    rows = [*read_folder(folder), *read_folder(skipped)]
    for number, row in enumerate(rows):
        if row["status"] == "crashed":
            row["reason"] = f"over {number}.5 units"
    (folder / "runs.jsonl").write_bytes(b"".join(write_line(with_check(row)) for row in rows))
    return folder


def test_failures_are_a_line_for_each_method_and_reason_and_the_skipped_ones_apart(failed: Path) -> None:
    (row, *_) = [row for row in read_folder(failed) if row["status"] == "crashed"]
    (failed / "errors").mkdir()
    (failed / f"errors/{row_file_name(row)}.txt").write_text("a traceback")
    found = status_of(failed, failures=True).failures
    assert found is not None
    assert [(failure.method, failure.status, failure.rows) for failure in found] == [
        ("adam", "crashed", 10),
        ("sgd", "skipped", 7),
    ]
    assert found[0].tasks == {"fork": [2, 3, 4, 5, 6], "fir-natural": [2, 3, 4, 5, 6]}
    assert [path.name.split(".")[:3] for path in found[0].outputs] == [[row["task"], "adam", f"seed-{row['seed']}"]]
    text = write(status_columns.document(status_of(failed, failures=True)), "table")
    assert text.index("\nadam ") < text.index("skipped\n") < text.index("\nsgd ")
    assert len(text.splitlines()) < 20


def test_why_reads_the_code_once_for_all_rows_of_a_cell(failed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = status_module.source_hash
    monkeypatch.setattr(status_module, "source_hash", lambda entry: read.append(entry.name) or real(entry))
    assert status_of(failed, why=True).changes == ()
    assert sorted(read) == ["adam", "adam", "sgd"]
