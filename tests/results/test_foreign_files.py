"""What else may stand in a results folder: links, pipes, endless lines, changed rows, archives that are traps."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from folders import write_folder
from hypothesis import given, settings
from hypothesis import strategies as st

from indmech_bench.analysis import status_columns
from indmech_bench.analysis.status import status_of
from indmech_bench.errors import InputError
from indmech_bench.registry.identity import row_identity_key
from indmech_bench.results.folder import read_folder, read_manifest, writing
from indmech_bench.results.merging import merge
from indmech_bench.results.parameter_files import read_arrays, write_arrays
from indmech_bench.results.row_lines import LONGEST, with_check
from indmech_bench.results.rows import read_rows
from indmech_bench.text.writing import write

CELL = ("fir-natural", "adam")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "r", {CELL: [0.5, 1e-30, float("inf")]})


@pytest.mark.parametrize("name", ["lock", "runs.jsonl"])
def test_nothing_is_written_through_a_link(folder: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "foreign").write_text("mine\n")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(tmp_path / "foreign")
    with pytest.raises(InputError, match=f"{name}' is a link"), writing(folder):
        pass
    assert (tmp_path / "foreign").read_text() == "mine\n"


def test_a_link_in_the_place_of_a_manifest_is_replaced(folder: Path, tmp_path: Path) -> None:
    for name in ("manifest.json", "manifest.json.partial"):
        (tmp_path / "foreign").write_text(json.dumps({"schema": 2, "runs": {}}))
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(tmp_path / "foreign")
        with writing(folder) as writer:
            writer.record("a", {})
        assert json.loads((tmp_path / "foreign").read_text())["runs"] == {}
        assert not (folder / "manifest.json").is_symlink()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names")
@pytest.mark.parametrize("name", ["lock", "runs.jsonl", "manifest.json"])
def test_a_pipe_is_not_waited_for(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(InputError, match="is no plain file"):  # noqa: PT012
        with writing(folder):
            read_manifest(folder)
        raise AssertionError("a pipe was taken for a file")


def test_an_endless_line_is_damage_and_not_torn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file of 64 GB with no line's end, no more is read than shows it; and nothing is cut off."""
    runs = folder / "runs.jsonl"
    size = runs.stat().st_size + (64 << 30)
    os.truncate(runs, size)  # sparse: it takes no disk
    for read in (read_folder, lambda place: writing(place).__enter__()):
        with pytest.raises(InputError, match="line 4 is damaged: longer than the"):
            read(folder)
    assert runs.stat().st_size == size
    os.truncate(runs, size - (64 << 30) + LONGEST // 2)
    assert read_rows(runs).torn == LONGEST // 2


CHANGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "a metric": lambda row: {**row, "metrics": {**row["metrics"], "score": 0.99}},
    "a status": lambda row: {**row, "status": "ok", "reason": ""},
    "its cost": lambda row: {**row, "cost": 1.0},
    "its run": lambda row: {**row, "run": "another"},
    "a fact": lambda row: {**row, "truth": {"solutions": 1}},
    "the checksum": lambda row: {**row, "check": "0" * 16},
    "the checksum's kind": lambda row: {**row, "check": 3},
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("line", [0, 2])
def test_a_row_that_was_changed_is_damage(
    folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]], line: int
) -> None:
    lines = (folder / "runs.jsonl").read_text().splitlines()
    lines[line] = json.dumps(change(json.loads(lines[line])))
    (folder / "runs.jsonl").write_text("\n".join(lines) + "\n")
    if line == 0 and change is CHANGES["a status"]:
        assert len(read_folder(folder)) == 3  # it was ok before
    else:
        with pytest.raises(InputError, match=f"line {line + 1} is damaged: its checksum does not belong"):
            read_folder(folder)


def without_checks(folder: Path) -> None:
    rows = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]
    bare = [{name: value for name, value in row.items() if name != "check"} for row in rows]
    (folder / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in bare))


def test_rows_without_a_checksum_are_read_said_and_stay_what_they_are(folder: Path, tmp_path: Path) -> None:
    without_checks(folder)
    assert read_rows(folder / "runs.jsonl").unchecked == 3
    said = write(status_columns.document(status_of(folder)), "table")
    assert "3 rows are old: they have no checksum" in said
    new = write_folder(tmp_path / "new", {CELL: [0.5]}, seed=3, run="20270101T000000Z-000000")
    assert "no checksum" not in write(status_columns.document(status_of(new)), "table")
    merge([folder, new], out=tmp_path / "both")
    assert read_rows(tmp_path / "both/runs.jsonl").unchecked == 3


def test_a_file_of_another_writer_of_json_is_read(folder: Path) -> None:
    """The checksum is of what a row says: not of the spaces between."""
    rows = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]
    (folder / "runs.jsonl").write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows))
    assert read_folder(folder) == rows


def npz(members: dict[str, bytes], **options: Any) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


def npy(header: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    return b"\x93NUMPY" + version + struct.pack("<H", len(header)) + header.encode() + data


def header(shape: str = "(3,)", kind: str = "<f8", order: str = "False") -> str:
    return f"{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}"


ONES = np.ones(3).tobytes()
TRAPS = {
    "a huge shape": npz({"k.npy": npy(header("(100000000,)"))}),
    "an impossible shape": npz({"k.npy": npy(header(f"({1 << 62}, {1 << 62})"))}),
    "a negative shape": npz({"k.npy": npy(header("(-3,)"), ONES)}),
    "a shape of text": npz({"k.npy": npy(header("'abc'"), ONES)}),
    "objects": npz({"k.npy": npy(header(kind="|O"), b"cos\nsystem\n(S'touch hacked'\ntR.")}),
    "text": npz({"k.npy": npy(header(kind="<U4"), b"a" * 48)}),
    "too little data": npz({"k.npy": npy(header(), ONES[:5])}),
    "too much data": npz({"k.npy": npy(header(), ONES + b"1")}),
    "a header that is code": npz({"k.npy": npy("__import__('os').system('touch hacked')", ONES)}),
    "a deep header": npz({"k.npy": npy("(" * 9000, ONES)}),
    "a version that is none": npz({"k.npy": npy(header(), ONES, b"\x09\x00")}),
    "no array": npz({"k.npy": b"hello"}),
    "an empty member": npz({"k.npy": b""}),
    "an lzma stream that is none": npz({"k.npy": npy(header(), ONES)}, compression=zipfile.ZIP_LZMA),
    "another name": npz({"q.npy": npy(header(), ONES)}),
    "a pickle": b"cos\nsystem\n(S'touch hacked'\ntR.",
    "one array": npy(header(), ONES),
    "a bomb": npz({"k.npy": npy(header("(4000000,)"), bytes(32_000_000))}, compression=zipfile.ZIP_DEFLATED),
    "nothing": b"",
}  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
def test_an_archive_that_is_a_trap_gets_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trap: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(np, "frombuffer", lambda *arguments: bounded(*arguments))
    (tmp_path / "k.npz").write_bytes(trap)
    with pytest.raises(InputError) as caught:
        read_arrays(tmp_path / "k.npz", {"k": (3,)})
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500
    assert not (tmp_path / "hacked").exists()


def bounded(data: bytes, dtype: Any) -> Any:
    assert len(data) < 1000, "data are read before they are known to be wanted"
    return np.ndarray(len(data) // dtype.itemsize, dtype, data) if len(data) % dtype.itemsize == 0 else data[::0]


def test_arrays_come_back_as_they_were_in_either_order(tmp_path: Path) -> None:
    wanted = {"k": np.arange(6.0).reshape(2, 3), "decoder.0": np.array(0.5), "c": np.arange(3.0)}
    write_arrays(tmp_path / "k.npz", wanted)
    with (tmp_path / "f.npz").open("wb") as file:
        np.savez_compressed(
            file, **{"k": np.asfortranarray(wanted["k"], np.float32), "decoder.0": [0.5], "c": [[0, 1, 2]]}
        )
    for name in ("k.npz", "f.npz"):
        found = read_arrays(tmp_path / name, {name: value.shape for name, value in wanted.items()})
        assert all((found[key] == value).all() and found[key].dtype == np.float64 for key, value in wanted.items())


def sentence_or(read: Callable[[], Any]) -> None:
    """A clean read, or one printable sentence of moderate length."""
    said = ""
    try:
        read()
    except InputError as error:
        said = str(error)
    assert said == "" or said.isprintable()
    assert len(said) < 1200


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_change_of_an_archive_is_read_or_said(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("npz") / "k.npz"
    whole = npz({"k.npy": npy(header(), ONES)}, compression=data.draw(st.sampled_from([0, 8, 12, 14])))
    place = data.draw(st.integers(0, len(whole)))
    width, new = data.draw(st.integers(0, 8)), data.draw(st.binary(max_size=8))
    path.write_bytes(whole[:place] + new + whole[place + width :])
    sentence_or(lambda: read_arrays(path, {"k": (3,)}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(name=st.integers(0, 30), value=JSON, keyed=st.booleans())
def test_any_value_in_a_row_is_read_or_said(
    tmp_path_factory: pytest.TempPathFactory, name: int, value: Any, keyed: bool
) -> None:
    folder = tmp_path_factory.mktemp("rows") / "r"
    write_folder(folder, {CELL: [0.5, 0.25]})
    lines = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]
    fields = [*lines[0], "another"]
    row = {**lines[1], fields[name % len(fields)]: value}
    if keyed:  # as if a run had written it so
        try:
            row = dict(with_check({**row, "key": row_identity_key(row)}))
        except (ValueError, TypeError, KeyError):
            return
    text = json.dumps(lines[0]) + "\n" + json.dumps(row) + "\n"
    (folder / "runs.jsonl").write_text(text, encoding="utf-8", errors="surrogatepass")
    sentence_or(lambda: status_of(folder, failures=True, why=True))


@settings(max_examples=60, deadline=None)
@given(value=JSON, place=st.sampled_from(["", "runs", "run", "families", "sources", "controls", "schema"]))
def test_any_manifest_is_read_or_said(tmp_path_factory: pytest.TempPathFactory, value: Any, place: str) -> None:
    folder = tmp_path_factory.mktemp("manifest") / "r"
    write_folder(folder, {CELL: [0.5]})
    manifest = json.loads((folder / "manifest.json").read_text())
    if place in ("runs", "schema"):
        manifest[place] = value
    elif place == "run":
        manifest["runs"] = dict.fromkeys(manifest["runs"], value)
    elif place:
        manifest["runs"] = {name: {**entry, place: value} for name, entry in manifest["runs"].items()}
    else:
        manifest = value
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8", errors="surrogatepass")
    sentence_or(lambda: status_of(folder, why=True))
