"""Arrays beside a row: they come back as they were, under a name that says whose they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

import indmech_bench
from indmech_bench.errors import InputError
from indmech_bench.results.curves import curves_path, keep_curves, read_curves
from indmech_bench.results.files import DIGITS, key_in_name, row_file_name

ROW = {"task": "fir-natural", "method": "adam", "seed": 3, "key": "ab12" * 16}


def test_arrays_come_back_and_their_file_says_whose_they_are(tmp_path: Path) -> None:
    path = keep_curves(tmp_path, ROW, {"step": [0, 7], "loss": [1.5, None], "grid": np.ones((2, 3), np.uint8)})
    assert path.relative_to(tmp_path).as_posix() == "curves/fir-natural.adam.seed-3.ab12ab12ab12.npz"
    kept = read_curves(tmp_path, ROW)
    assert kept is not None
    assert [*kept] == ["step", "loss", "grid"]
    assert_array_equal(kept["loss"], [1.5, np.nan])
    assert kept["grid"].shape == (2, 3)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert read_curves(tmp_path, {**ROW, "seed": 4}) is None


def test_the_key_is_found_in_every_name_of_a_file() -> None:
    assert key_in_name(Path(f"errors/{row_file_name(ROW)}.txt")) == ROW["key"][:DIGITS]
    assert key_in_name(curves_path(Path(), ROW)) == ROW["key"][:DIGITS]
    assert key_in_name(Path(f"solutions/t/m/{ROW['key']}.npz")) == ROW["key"][:DIGITS]


def test_a_run_with_curves_keeps_them_beside_rows_that_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    what = {"tasks": ["fir-natural"], "methods": ["adam:steps=20", "homomorphic"], "seeds": "2", "jobs": 0}
    for folder, curves in (("plain", False), ("kept", True)):
        indmech_bench.run(**what, out=folder, curves=curves, quiet=True)
    frames = [indmech_bench.load(folder).set_index("key").sort_index() for folder in ("plain", "kept")]
    fields = [name for name in frames[0] if name.startswith(("metrics.", "details.")) or name in ("status", "cost")]
    pd.testing.assert_frame_equal(frames[0][fields], frames[1][fields])
    curves_of = indmech_bench.load_curves("kept")
    assert set(curves_of["label"]) == {"adam:steps=20"}
    ends = curves_of[curves_of["step"] == 20].set_index("seed")
    rows = frames[1][frames[1]["label"] == "adam:steps=20"].set_index("seed")
    for name in ("extrapolation_error", "fit_error", "log_generic_ratio"):
        assert_array_equal(ends[name], rows.loc[ends.index, f"metrics.{name}"])
    assert_array_equal(ends["loss"], rows.loc[ends.index, "details.loss"])
    with pytest.raises(InputError, match="holds no curves: run with --curves"):
        indmech_bench.load_curves("plain")
    merged = indmech_bench.merge(["plain", "kept"], out="both")
    assert merged.folder is not None
    assert len(indmech_bench.load_curves("both")) == len(curves_of)
