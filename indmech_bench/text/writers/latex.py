"""Documents as tables of LaTeX for a paper."""

from __future__ import annotations

import unicodedata

from indmech_bench.text.document import Document
from indmech_bench.text.lines import printable
from indmech_bench.text.tables import Kind

TABLES = r"""% in the preamble: \usepackage{booktabs,graphicx}
<% for table in tables %>
\begin{table}
\centering
<% if table.title %>
\caption{<< table.title >>}
<% endif %>
\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%
\begin{tabular}{<< table.columns >>}
\toprule
<< table.head | join(" & ") >> \\
\midrule
<% for cells in table.cells %>
<% if loop.index0 and table.marks[loop.index0] and not table.marks[loop.index0 - 1] %>
\midrule
<% endif %>
<< cells | join(" & ") >> \\
<% endfor %>
\bottomrule
\end{tabular}}
\end{table}
<% endfor %>
<% for note in notes %>
% << note >>
<% endfor %>"""
COLUMNS = {Kind.NUMBER: "r", Kind.NAME: "l", Kind.TEXT: "p{8cm}"}
ESCAPES = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "[": "{[}",  # after \\ a bracket would be a length
    "–": "--",
    "ρ": r"$\rho$",
}


def as_latex(document: Document) -> str:
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
        {
            "title": escaped(printable(table.title)),
            "columns": "".join(COLUMNS[column.kind] for column in table.visible),
            "head": [escaped(cell) for cell in table.head],
            "cells": [[escaped(cell) for cell in cells] for cells in table.cells],
            "marks": table.marks,
        }
        for table in document.tables
    ]
    notes = [printable(note) for note in document.notes]
    return environment.from_string(TABLES).render(tables=tables, notes=notes).rstrip("\n")


def escaped(text: str) -> str:
    """Text as LaTeX prints it; letters that its plain fonts lack are written out."""
    return "".join(ESCAPES.get(sign, sign if sign.isascii() else _spelled(sign)) for sign in text)


def _spelled(sign: str) -> str:
    plain = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return plain or f"U+{ord(sign):04X}"
