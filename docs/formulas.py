"""Stops a build of the pages in which Markdown has eaten a formula: as many must come out as went in."""

from __future__ import annotations

import re
from typing import Any

from mkdocs.exceptions import PluginError

CODE = re.compile(r"^(```+|~~~+).*?^\1|`[^`\n]*`|<!--.*?-->", re.DOTALL | re.MULTILINE)
FORMULA = re.compile(r"\$\$.+?\$\$|(?<![\\$])\$(?=\S)[^$\n]+(?:\n[^$\n]+)?\$", re.DOTALL)
_written: dict[str, int] = {}


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Count the formulas of a page's source."""
    _written[page.file.src_uri] = len(FORMULA.findall(CODE.sub("", markdown)))
    return markdown


def on_page_content(html: str, *, page: Any, **_: Any) -> str:
    """Raises PluginError where the page shows another number of them."""
    shown = len(re.findall(r'class="arithmatex"', html))
    if shown != (written := _written[page.file.src_uri]):
        raise PluginError(f"{page.file.src_uri} has {written} formulas, and {shown} on its page.")
    return html
