"""The snippets of the page on tables recompute the figures of the leaderboard."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Cli
from documents import records
from folders import write_folder

PAGE = Path(__file__).parents[2] / "docs/tables.md"
FIGURES = {
    "identified": "identified",
    "e": "median_extrapolation_error",
    "score": "score",
    "cost": "cost",
}


@pytest.fixture(scope="module")
def snippets() -> list[str]:
    """The Python of its last section: how rows are read, then one snippet a figure."""
    section = PAGE.read_text(encoding="utf-8").partition("## Every figure from the rows")[2].partition("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def test_the_snippets_recompute_the_table(
    snippets: list[str], tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    cells = {
        (task, method): np.where(random.random(13) < 0.2, np.inf, 10 ** random.normal(-1, 1, 13))
        for task in ("fir-natural", "fir-spectrum", "fir-generic", "fork")
        for method in ("adam", "sgd:steps=7")
    }  # two families, and a control, which must not count
    write_folder(tmp_path / "results/table", cells, references=["oracle"])
    lines = records(cli("leaderboard", "results/table", "--format", "json").stdout)
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {}
    exec(snippets[0], space)
    assert len(snippets) == 1 + len(FIGURES)
    for snippet in snippets[1:]:
        shown: list[pd.Series] = []
        with contextlib.redirect_stdout(io.StringIO()):
            exec(snippet, {**space, "print": shown.append})
        (series,) = shown
        figure = FIGURES[snippet.partition(" =")[0]]
        assert dict(series) == pytest.approx({line["method"]: float(line[figure]) for line in lines})
