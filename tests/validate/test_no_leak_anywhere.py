"""No truth can be reached while a method fits: on every way of drawing and of showing one."""

from __future__ import annotations

from pathlib import Path

import pytest
from leaks import SHOWN, leaks


@pytest.mark.parametrize("task", SHOWN.values())
def test_no_truth_is_reachable_while_a_method_fits(task: str, tmp_path: Path) -> None:
    assert not leaks(task, tmp_path)
