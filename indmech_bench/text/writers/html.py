"""Documents as a page of HTML that needs nothing else: no script, and nothing to load."""

from __future__ import annotations

from indmech_bench.text.document import Document
from indmech_bench.text.lines import printable

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{{ title }}</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em; }
table { border-collapse: collapse; margin-bottom: 2em; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: bold; padding: .4em 0; }
th, td { padding: .2em .8em; text-align: right; vertical-align: top; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0; }
.name, .text { text-align: left; }
td.text { white-space: normal; min-width: 12em; }
thead th { border-bottom: 1px solid; }
tr.aside { color: #666; }
div { overflow-x: auto; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
{% for table in tables %}
<div><table>
{% if table.title %}
<caption>{{ table.title }}</caption>
{% endif %}
<thead><tr>
{%- for cell in table.head %}<th scope="col" class="{{ table.kinds[loop.index0] }}">{{ cell }}</th>{% endfor -%}
</tr></thead>
<tbody>
{% for cells in table.cells %}
<tr{% if table.marks[loop.index0] %} class="aside"{% endif %}>
{%- for cell in cells %}<td class="{{ table.kinds[loop.index0] }}">{{ cell }}</td>{% endfor -%}
</tr>
{% endfor %}
</tbody>
</table></div>
{% endfor %}
{% for note in notes %}
<p>{{ note }}</p>
{% endfor %}
</body>
</html>"""


def as_html(document: Document) -> str:
    """One page with all tables."""
    from jinja2 import Environment

    template = Environment(autoescape=True, trim_blocks=True, keep_trailing_newline=False).from_string(PAGE)
    tables = [
        {
            "title": printable(table.title),
            "head": table.head,
            "kinds": [column.kind.value for column in table.visible],
            "cells": table.cells,
            "marks": table.marks,
        }
        for table in document.tables
    ]
    notes = [printable(note) for note in document.notes]
    return template.render(title=printable(document.title), tables=tables, notes=notes)
