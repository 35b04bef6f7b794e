"""Leaderboards as documents: a page of HTML that needs nothing else, tables of LaTeX for a paper."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from indmech_bench.text.tables import notes, sections

if TYPE_CHECKING:
    from indmech_bench.analysis.ranking import Leaderboard

HTML = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{{ title }}</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em; }
table { border-collapse: collapse; margin-bottom: 2em; }
caption { text-align: left; font-weight: bold; padding: .4em 0; }
th, td { padding: .2em .8em; text-align: right; white-space: nowrap; }
th.name, td.name { text-align: left; }
thead th { border-bottom: 1px solid; }
tr.reference { color: #666; }
div { overflow-x: auto; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
{% for caption, head, body, references in tables %}
<div><table>
<caption>{{ caption }}</caption>
<thead><tr>{% for cell in head %}<th scope="col"{% if cell == "method" %} class="name"{% endif %}>{{ cell }}</th>\
{% endfor %}</tr></thead>
<tbody>
{% for row in body %}
<tr{% if references[loop.index0] %} class="reference"{% endif %}>\
{% for cell in row %}<td{% if head[loop.index0] == "method" %} class="name"{% endif %}>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table></div>
{% endfor %}
<p>{{ notes }}</p>
</body>
</html>"""

LATEX = r"""% in the preamble: \usepackage{booktabs,graphicx}
<% for caption, head, body, references in tables %>
\begin{table}
\centering
\caption{<< caption >>}
\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%
\begin{tabular}{<< columns(head) >>}
\toprule
<< head | join(" & ") >> \\
\midrule
<% for row in body %>
<% if loop.index0 and references[loop.index0] and not references[loop.index0 - 1] %>
\midrule
<% endif %>
<< row | join(" & ") >> \\
<% endfor %>
\bottomrule
\end{tabular}}
\end{table}
<% endfor %>
% << notes >>"""
ESCAPES = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "–": "--",
    "ρ": r"$\rho$",
}


def as_html(boards: Sequence[Leaderboard]) -> str:
    """One page of HTML with all tables, no script and nothing to load."""
    from jinja2 import Environment

    template = Environment(autoescape=True, trim_blocks=True, keep_trailing_newline=False).from_string(HTML)
    return template.render(title=f"Leaderboard of {boards[0].folder}", tables=_tables(boards), notes=_notes(boards))


def as_latex(boards: Sequence[Leaderboard]) -> str:
    """Tables with booktabs rules, shrunk to the width of the line where they are wider; to be put in with \\input."""
    from jinja2 import Environment

    environment = Environment(
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",  # braces and # are LaTeX's own
        comment_end_string="#>",
        trim_blocks=True,
    )
    tables = [
        (escaped(caption), [escaped(cell) for cell in head], [[escaped(cell) for cell in row] for row in body], refs)
        for caption, head, body, refs in _tables(boards)
    ]

    def columns(head: Sequence[str]) -> str:
        return "".join("l" if cell == "method" else "r" for cell in head)

    return environment.from_string(LATEX).render(tables=tables, columns=columns, notes=_notes(boards))


def escaped(text: str) -> str:
    """Text as LaTeX prints it; letters that its plain fonts lack are written out."""
    return "".join(ESCAPES.get(sign, sign if sign.isascii() else _spelled(sign)) for sign in text)


def _spelled(sign: str) -> str:
    plain = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return plain or f"U+{ord(sign):04X}"


def _tables(boards: Sequence[Leaderboard]) -> list[tuple[str, list[str], list[list[str]], list[bool]]]:
    return [(*section, [line.reference for line in board.lines]) for board in boards for section in sections(board)]


def _notes(boards: Sequence[Leaderboard]) -> str:
    return " ".join(notes(boards))
