"""Tunings of a few steps on one task, and what is chosen by rows in which fit and e disagree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from folders import rows_of, write_rows

from indmech_bench.harness.tuning.tuning import Tuning, tune
from indmech_bench.registry.catalogue import Catalogue

CATALOGUE = Catalogue.read()
SHORT = ("tune", "adam:steps=20", "--task", "fir-natural", "--seeds", "10000-10002", "--jobs", "0")
GRID = ("--grid", "learning_rate=0.01|0.1")


def tune_in_place(out: Path, protocol: str = "blind", method: str = "adam:steps=20", **changes: Any) -> Tuning:
    given = {"grid": [GRID[1]], "seeds": "10000-10002", **changes}
    return tune(method, task="fir-natural", protocol=protocol, out=out, jobs=0, **given)


def doctor(folder: Path, metrics: dict[float, dict[str, float]]) -> None:
    """Give the rows of each learning rate other metrics."""
    rows = rows_of(folder)
    for row in rows:
        row["metrics"] |= metrics[row["settings"]["learning_rate"]]
    write_rows(folder, rows)


def tuned_in(folder: Path) -> Path:
    """Adam tuned by either protocol, on rows in which fit and e disagree."""
    disagree = {
        0.01: {"fit_error": 0.3, "extrapolation_error": 0.1},
        0.02: {"fit_error": 0.2, "extrapolation_error": 0.2},
        0.1: {"fit_error": 0.1, "extrapolation_error": 0.3},
    }
    for protocol in ("blind", "oracle"):
        tune_in_place(folder / f"{protocol}.toml", protocol)
        (folder / f"{protocol}.toml").unlink()
        doctor(folder / protocol, disagree)
        before = (folder / protocol / "runs.jsonl").read_bytes()
        tune_in_place(folder / f"{protocol}.toml", protocol)
        assert (folder / protocol / "runs.jsonl").read_bytes() == before  # what is there is not run again
    return folder
