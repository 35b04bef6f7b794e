"""Drawings as SVG within a page: in the page's own ink and letters, with names for those who cannot see them."""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING

from indmech_bench.report.style import BAND, HOVER, INK, MUTED, PAPER, RULE

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

OF_PAGE = {INK: "var(--ink)", MUTED: "var(--muted)", RULE: "var(--rule)", PAPER: "var(--paper)", BAND: "var(--band)"}
LETTERS = "'DejaVu Sans'"
POINT = 96 / 72 * 1.15
"""Pixels of the page, a little larger than on paper."""
HEAD = re.compile(r"<svg [^>]*?viewBox=\"0 0 ([\d.]+) ([\d.]+)\"[^>]*>")


def inline(drawing: Drawing, name: str, title: str, says: str) -> str:
    """An `<svg>` for a page, described by its title and by what it says. To be called within `style.styled`.

    Ids begin with `name`, so that several drawings can stand on one page.
    """
    buffer = io.StringIO()
    drawing.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg ") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<style [^>]*>.*?</style>", "", text, count=1, flags=re.DOTALL)  # it would style the whole page
    text = re.sub(rf'<g id="{HOVER}([^"]*)">', lambda found: f"<g><title>{found[1]}</title>", text)
    text = re.sub(r' id="image\w+"', "", text)  # of their pixels: equal pictures would have equal ones
    text = re.sub(r'\bid="([^"]*)"', lambda found: f'id="{name}-{found[1]}"', text)
    text = re.sub(r'(xlink:href="#|url\(#)', lambda found: f"{found[1]}{name}-", text)
    text = text.replace("xlink:href=", "href=").replace(LETTERS, "var(--sans)")
    for ours, of_page in OF_PAGE.items():
        text = text.replace(ours, of_page)
    found = HEAD.match(text)
    assert found is not None
    width = float(found[1]) * POINT
    head = (
        f'<svg role="img" aria-labelledby="{name}-title {name}-says" viewBox="0 0 {found[1]} {found[2]}" '
        f'style="--natural:{width:.0f}px;width:{width:.0f}px" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-says">{escape(says)}</desc>'
    )
    return re.sub(r"\n\s*", "\n", head + text[found.end() :])
