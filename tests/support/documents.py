"""What verbs print with `--format json`, read back."""

from __future__ import annotations

import json
from typing import Any


def records(text: str) -> list[dict[str, Any]]:
    """The records of a document that has one section."""
    (section,) = json.loads(text)["sections"]
    return section["rows"]
