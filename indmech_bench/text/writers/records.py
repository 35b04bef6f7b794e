"""Documents for machines: CSV and JSON, in full precision."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from typing import Any

from indmech_bench.text.document import Document
from indmech_bench.text.lines import printable


def as_csv(document: Document) -> str:
    """One line a record. A column `section` stands first where records of several sections do not say theirs."""
    records = [(section.name, record) for section in document.sections for record in section.records]
    fields = tuple(dict.fromkeys(field for section in document.sections for field in section.fields))
    several = len({name for name, _ in records}) > 1
    if several and not any(all(record.get(field) == name for name, record in records) for field in fields):
        fields = ("section", *fields)
        records = [(name, {"section": name, **record}) for name, record in records]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows({field: _field(value) for field, value in record.items()} for _, record in records)
    return out.getvalue().rstrip("\n")


def _field(value: Any) -> Any:
    """A value as CSV has it: nothing where there is none, JSON for what is no single value, no control characters."""
    if isinstance(value, str):
        return printable(value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return json.dumps(_strict(value)) if isinstance(value, Mapping | list | tuple) else value


def as_json(document: Document) -> str:
    """`{"title", "sections": [{"name", facts of it, "rows": [records]}], "notes"}`, the same for all verbs.

    Strict JSON: numbers that are not finite are the strings inf and -inf, and null for what is absent.
    """
    content = {
        "title": document.title,
        "sections": [{"name": section.name, **section.facts, "rows": section.records} for section in document.sections],
        "notes": document.notes,
    }
    return json.dumps(_strict(content), indent=1, allow_nan=False)


def _strict(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _strict(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
