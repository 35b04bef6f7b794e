"""What the theory predicts of the natural task, on 256 seeds: minutes, so not part of `make test`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from scores import beats, scores_of

import indmech_bench

METHODS = [
    "adam",
    "multistart-independent",
    "multistart-min-norm",
    "root-search-independent",
    "root-search-min-norm",
    "root-search-flat",
]


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Scores, seeds by methods."""
    out: Path = tmp_path_factory.mktemp("natural")
    indmech_bench.run(tasks=["fir-natural"], methods=METHODS, seeds="256", out=out)
    return scores_of(out, "fir-natural")


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("root-search-independent", "placebo-criterion"),
        ("root-search-min-norm", "root-search-independent"),
        ("multistart-min-norm", "multistart-independent"),
        ("root-search-flat", "root-search-independent"),
        ("root-search-flat", "multistart-min-norm"),
    ],
)
def test_one_criterion_beats_another(scores: pd.DataFrame, better: str, worse: str) -> None:
    assert beats(scores, better, worse)


def test_one_start_is_no_extrapolation(scores: pd.DataFrame) -> None:
    assert scores["adam"].median() < 1 / (1 + 0.8)
