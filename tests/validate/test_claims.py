"""What the theory predicts of the natural task, on 256 seeds: minutes, so not part of `make test`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import wilcoxon

import indmech_bench

METHODS = ["adam", "multistart-independent", "multistart-min-norm", "multistart-placebo", "averaging-evidence"]


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Extrapolation errors, seeds by methods."""
    out: Path = tmp_path_factory.mktemp("natural")
    indmech_bench.run(tasks=["fir-natural"], methods=METHODS, seeds="256", out=out)
    table = indmech_bench.load(out)
    return table.pivot_table(index="seed", columns="method", values="metrics.extrapolation_error")


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("multistart-independent", "multistart-placebo"),
        ("multistart-independent", "placebo-criterion"),
        ("multistart-min-norm", "multistart-independent"),
        ("averaging-evidence", "multistart-min-norm"),
    ],
)
def test_one_criterion_beats_another(errors: pd.DataFrame, better: str, worse: str) -> None:
    assert wilcoxon(errors[better], errors[worse], alternative="less").pvalue < 0.01


def test_one_start_is_no_extrapolation(errors: pd.DataFrame) -> None:
    assert errors["adam"].median() > 0.8
