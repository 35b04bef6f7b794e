"""What the files beside the rows are called: names that a person can read, each of one row alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

DIGITS = 12
"""Of a row's key: enough to tell settings, budgets and codes apart."""


def row_file_name(row: Mapping[str, Any]) -> str:
    """`TASK.METHOD.seed-SEED.KEY`, without an ending; of the key its first digits."""
    return f"{row['task']}.{row['method']}.seed-{row['seed']}.{row['key'][:DIGITS]}"


def key_in_name(file: Path) -> str:
    """The first digits of the key of the row that a file belongs to; its name may bear the whole key."""
    return file.stem.rpartition(".")[2][:DIGITS]
