"""The rows of a folder in a file for other programs: flat, every field a column."""

from __future__ import annotations

import importlib.util
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from indmech_bench.analysis.frame import load
from indmech_bench.errors import InputError, unknown

if TYPE_CHECKING:
    import pandas as pd

PARQUET = "parquet"
FORMS = ("csv", "json", PARQUET)
"""Comma-separated values; a JSON object a line; Apache Parquet."""


def rows_as(folder: str | Path, form: str) -> bytes:
    """The newest rows of a results folder, the columns as `load` has them, settings as JSON. Raises InputError."""
    if form not in FORMS:
        raise unknown("format of rows", form, FORMS)
    if form == PARQUET and importlib.util.find_spec("pyarrow") is None:
        raise InputError("--format parquet needs pyarrow, not installed here: pip install 'indmech-bench[parquet]'.")
    return _written(_flat(load(folder)), form)


def _flat(rows: pd.DataFrame) -> pd.DataFrame:
    """Settings as text: a column of Parquet has one type."""
    named = ("task_settings", "settings")
    return rows.assign(**{name: rows[name].map(lambda value: json.dumps(value, sort_keys=True)) for name in named})


def _written(rows: pd.DataFrame, form: str) -> bytes:
    if form == PARQUET:
        out = io.BytesIO()
        rows.to_parquet(out, engine="pyarrow", index=False)
        return out.getvalue()
    if form == "csv":
        return rows.to_csv(index=False).encode()
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return "".join(json.dumps(record) + "\n" for record in records).encode()  # every digit, where pandas rounds
