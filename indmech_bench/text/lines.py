"""Text from elsewhere, made fit for one line of a terminal."""

from __future__ import annotations

from typing import Any


def printable(text: str) -> str:
    """Text with its control characters written out, so that a results file cannot steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def short(text: str, most: int) -> str:
    """One line of at most `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def listing_text(records: list[dict[str, Any]]) -> str:
    """Aligned columns under a heading: every field but the settings, which `describe` shows."""
    columns = [key for key in records[0] if key != "settings"] if records else []
    cells = [columns, *([str(record.get(key, "")) for key in columns] for record in records)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))] if cells else []
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells)
