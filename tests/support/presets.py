"""A few seeds of the FIR task's presets, and what references make of them."""

from __future__ import annotations

from functools import partial

import contracts
import pytest
from draws import PRESETS

TEXTS = (*PRESETS[:4], "fir-natural:taps=5x5")
SEEDS = range(10)
each_task = pytest.mark.parametrize("text", TEXTS)
drawn, posed, solved, scored = (
    partial(one, seeds=SEEDS) for one in (contracts.drawn, contracts.posed, contracts.solved, contracts.scored)
)
