"""Arrays beside a row: they come back as they were, under a name that says whose they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.testing import assert_array_equal

from indmech_bench.results.curves import curves_path, keep_curves, read_curves
from indmech_bench.results.file_names import DIGITS, key_in_name, row_file_name

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
