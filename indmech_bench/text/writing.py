"""The one way in which documents are written, whatever they are about."""

from __future__ import annotations

from indmech_bench.errors import unknown
from indmech_bench.text.document import Document
from indmech_bench.text.writers.html import as_html
from indmech_bench.text.writers.latex import as_latex
from indmech_bench.text.writers.markdown import as_markdown
from indmech_bench.text.writers.records import as_csv, as_json
from indmech_bench.text.writers.terminal import as_text

WRITERS = {
    "table": as_text,
    "md": as_markdown,
    "csv": as_csv,
    "json": as_json,
    "html": as_html,
    "latex": as_latex,
}
FORMATS = tuple(WRITERS)


def write(document: Document, form: str) -> str:
    """The document in one of FORMATS. Raises InputError."""
    check_format(form)
    return WRITERS[form](document)


def check_format(form: str) -> None:
    """Raises InputError for a format that is not one of FORMATS."""
    if form not in FORMATS:
        raise unknown("format", form, FORMATS)
