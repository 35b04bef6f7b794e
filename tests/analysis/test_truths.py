"""What rows keep of their truths, by task."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from folders import rows_of, write_folder, write_rows

from indmech_bench import load
from indmech_bench.analysis.truths import document, truths
from indmech_bench.errors import InputError
from indmech_bench.text.writing import write


def test_a_truth_counts_once_however_many_methods_met_it(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=5)
    folder = write_folder(tmp_path / "r", {("fir-natural", name): np.ones(5) for name in ("adam", "sgd")})
    rows = rows_of(folder)
    for row in rows:
        row["truth"] = {"log_generic_ratio": float(values[row["seed"]])}
    write_rows(folder, rows)
    (facts,) = truths(folder)
    assert (facts.task, facts.seeds) == ("fir-natural", 5)
    assert sorted(facts.values["log_generic_ratio"]) == sorted(values)
    middle = load(folder).groupby("seed")["truth.log_generic_ratio"].first().median()
    (record,) = json.loads(write(document(folder, (facts,)), "json"))["sections"][0]["rows"]
    assert record["log_generic_ratio"] == pytest.approx(middle)


def test_a_folder_whose_rows_say_nothing_of_truths_gets_a_sentence(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "r", {("fir-natural", "adam"): np.ones(2)})
    rows = rows_of(folder)
    for row in rows:
        row["truth"] = {}
    write_rows(folder, rows)
    with pytest.raises(InputError, match="no row with facts"):
        truths(folder)
