"""Suites and settings files of any content: a clean read or one sentence; never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indmech_bench.errors import InputError
from indmech_bench.harness.suites.suite import FOLDER, read_suite
from indmech_bench.harness.tuning.settings_file import read_tuned, write_tuned
from indmech_bench.registry.catalogue import Catalogue

SUITE = (FOLDER / "smoke.toml").read_text()
TUNED = write_tuned(
    {
        "method": "adam",
        "protocol": "tuned-blind",
        "task": "fir-natural",
        "seeds": "10000-10001",
        "budget": "none",
        "precision": "float64",
        "metric": "fit_error",
        "median": 0.5,
        "command": "c",
        "version": "0.1.0",
        "settings": {"learning_rate": 0.01},
    }
)
READERS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "suite": (SUITE, lambda path: read_suite(str(path))),
    "settings": (TUNED, lambda path: read_tuned(path, Catalogue.read())),
}
WORDS = ("=", "[", "]", "[[", '"', "\n", "1e400", "nan", "-1", "true", "{}", "[]", "\x00", "é", "2026-01-01", "0x", ",")


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_change_of_a_file_is_read_or_said(
    kind: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text, read = READERS[kind]
    path = tmp_path_factory.mktemp(kind) / "x.toml"
    place = data.draw(st.integers(0, len(text)))
    new = data.draw(st.sampled_from(WORDS) | st.text(max_size=4))
    changed = text[:place] + new + text[place + data.draw(st.integers(0, 12)) :]
    path.write_bytes(changed.encode("utf-8", "surrogatepass"))
    said = ""
    try:
        read(path)
    except InputError as error:
        said = str(error)
    assert len(said) < 2000
