"""A results file that somebody has damaged: an error that names the line, or plain text; never code, never a write."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli

from indmech_bench import load
from indmech_bench.analysis import status_columns
from indmech_bench.analysis.ranking.board import document
from indmech_bench.analysis.ranking.ranking import leaderboard
from indmech_bench.analysis.status import status_of
from indmech_bench.errors import InputError
from indmech_bench.registry.identity import row_identity_key
from indmech_bench.results.row_lines import read_line, with_check
from indmech_bench.text.writing import FORMATS, write

Row = dict[str, Any]
RUN = ("run", "--task", "fir-natural", "--method", "adam:steps=2", "--seeds", "1", "--out", "r")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder of nine rows."""
    from indmech_bench import run

    folder = tmp_path_factory.mktemp("whole") / "r"
    run(tasks=["fir-natural"], methods=["adam:steps=2"], seeds="1", out=folder, jobs=0)
    return folder


@pytest.fixture
def damaged(whole: Path, tmp_path: Path) -> Callable[[bytes], Path]:
    """Makes a copy of the folder with a given fifth line."""

    def copy(line: bytes) -> Path:
        shutil.copytree(whole, tmp_path / "r")
        runs = tmp_path / "r/runs.jsonl"
        lines = runs.read_bytes().splitlines(keepends=True)
        lines[4] = line + b"\n"
        runs.write_bytes(b"".join(lines))
        return tmp_path / "r"

    return copy


def fifth(folder: Path) -> Row:
    row: Row = json.loads((folder / "runs.jsonl").read_text().splitlines()[4])
    return row


def changed(row: Row, **fields: Any) -> bytes:
    """The row with other fields, and the key and the checksum that belong to them."""
    row = {**row, **fields}
    return json.dumps(with_check({**row, "key": row_identity_key(row)})).encode()


HUGE = b'{"key": "' + b"x" * 10_000_000 + b'"}'
DEEP = b"[" * 200_000
LINES: dict[str, Callable[[Row], bytes]] = {
    "cut": lambda row: json.dumps(row).encode()[:100],
    "empty": lambda row: b"",
    "10 MB": lambda row: HUGE,
    "deep": lambda row: DEEP,
    "not utf-8": lambda row: b'{"key": "\xff\xfe\x00"}',
    "a list": lambda row: b"[1, 2]",
    "NaN": lambda row: json.dumps(row).encode().replace(b'"cost": 0.0', b'"cost": NaN'),
    "seed is text": lambda row: changed(row, seed="0"),
    "seed is true": lambda row: changed(row, seed=True),
    "metrics is a list": lambda row: changed(row, metrics=[1]),
    "a metric is text": lambda row: changed(row, metrics={"score": "high"}),
    "a metric is too large": lambda row: changed(row, metrics={"score": 10**400}),
    "cost is too large": lambda row: changed(row, cost=10**400),
    "status is unknown": lambda row: changed(row, status="splendid"),
    "a name is a path": lambda row: changed(row, method="../../../etc/passwd"),
    "a task is a path": lambda row: changed(row, task="/tmp/x"),
    "a name has control characters": lambda row: changed(row, method="adam\x1b[2J"),
    "settings nest": lambda row: changed(row, settings={"a": {"b": 1}}),
    "a field is missing": lambda row: json.dumps({k: v for k, v in row.items() if k != "seed"}).encode(),
    "the key is another": lambda row: json.dumps({**row, "seed": 5}).encode(),
    "the key is a path": lambda row: json.dumps({**row, "key": "../../x"}).encode(),
}


@pytest.mark.parametrize("name", LINES)
def test_a_damaged_middle_line_is_named_and_nothing_changes(
    whole: Path, damaged: Callable[[bytes], Path], tmp_path: Path, name: str
) -> None:
    folder = damaged(LINES[name](fifth(whole)))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for read in (leaderboard, load, status_of):
        with pytest.raises(InputError, match="line 5") as caught:
            read(folder)
        message = str(caught.value)
        assert len(message) < 600
        assert message.isprintable()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_run_refuses_a_damaged_folder_and_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    cli(*RUN)
    runs = tmp_path / "r/runs.jsonl"
    lines = runs.read_text().splitlines(keepends=True)
    runs.write_text("".join([*lines[:4], "nonsense\n", *lines[5:]]))
    before = runs.read_bytes()
    made = cli(*RUN, "--method", "adam:steps=3")
    assert made.returncode == 2
    assert "r/runs.jsonl, line 5 is damaged" in made.stderr
    assert "Traceback" not in made.stderr
    assert runs.read_bytes() == before


def test_one_key_with_two_results_is_damage_that_names_both(damaged: Callable[[bytes], Path], whole: Path) -> None:
    first = json.loads((whole / "runs.jsonl").read_text().splitlines()[1])
    folder = damaged(changed(first, metrics={**first["metrics"], "score": 0.123}))
    with pytest.raises(InputError, match="line 5 contradicts line 2"):
        leaderboard(folder)


ESCAPES = "\x1b[2J\x07\r\u202e\ud800<script>alert(1)</script>"


def test_control_characters_are_shown_as_plain_text(whole: Path, damaged: Callable[[bytes], Path]) -> None:
    row = fifth(whole)
    nasty = changed(
        row, reference=False, method="nasty", settings={f"a{ESCAPES}": ESCAPES}, status="error", reason=ESCAPES
    )
    folder = damaged(nasty)
    status = status_columns.document(status_of(folder, failures=True, why=True))
    for made in (document([leaderboard(folder)]), status):
        for form in FORMATS:
            shown = write(made, form)
            assert all(line.isprintable() for line in shown.splitlines())
            shown.encode()
    assert "\\x1b[2J" in write(status, "table")


@pytest.mark.parametrize(
    "text",
    ["[]", "{", '{"schema": 1}', '{"schema": "x", "runs": {}}', '{"schema": 1, "runs": {"a": 3}}', "[" * 100_000,
     '{"schema": 1, "runs": {"a": {"families": 3}}}', '{"schema": 1, "runs": {"a": {"controls": [3]}}}'],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_a_damaged_manifest_is_named(whole: Path, tmp_path: Path, text: str) -> None:
    shutil.copytree(whole, tmp_path / "r")
    (tmp_path / "r/manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"manifest\.json' is damaged"):
        status_of(tmp_path / "r")


def test_no_module_reads_or_writes_pickles() -> None:
    """torch.load and numpy's pickles run code from a file; weights of strangers are read in one place, as tensors."""
    package = Path(__file__).parents[2]
    weights = package / "indmech_bench/tasks/generators/states.py"
    for path in {*package.glob("indmech_bench/**/*.py"), *package.glob("baselines/**/*.py")} - {weights}:
        assert not re.search(r"pickle\.|import pickle|torch\.(load|save)|(?<![\w.])(eval|exec)\(", path.read_text()), (
            path
        )
    loads = re.findall(r"(?:torch|pickle)\.loads?\(.*", weights.read_text())
    assert loads
    assert all(load.startswith("torch.load(") and "weights_only=True" in load for load in loads)


def test_a_line_round_trips(whole: Path) -> None:
    for line in (whole / "runs.jsonl").read_bytes().splitlines():
        assert read_line(line, "here")["seed"] == 0
