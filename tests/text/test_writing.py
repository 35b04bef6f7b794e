"""Tables as every kind of document has them: nothing is lost, and nothing that a name holds is markup."""

from __future__ import annotations

import io
import itertools
import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from indmech_bench.errors import InputError
from indmech_bench.text.document import Document, Section
from indmech_bench.text.numbers import even_numbers
from indmech_bench.text.tables import Column, Kind, Table, kept, kept_interval, shown
from indmech_bench.text.writers import terminal
from indmech_bench.text.writing import FORMATS, write

ITEMS = tuple(range(6))
HOSTILE = "<script>alert(1)</script>|*x*`\\input{a}_%$#&~^"
VALUES = {0: 0.1 + 0.2, 1: math.inf, 2: -math.inf, 3: math.nan, 4: None, 5: 1e-300}


def table(*more: Column[int], title: str = "a table") -> Table[int]:
    columns: tuple[Column[int], ...] = (
        Column("name", "name", lambda item: f"name-{item}", kind=Kind.NAME),
        Column("value", "value", VALUES.__getitem__),
        Column("value", "[95 %]", lambda item: None if item == 4 else (item / 3, item + 0.5), str, interval=True),
        kept("all", lambda item: [item, {"a": math.nan}]),
        *more,
    )
    return Table(title, columns, ITEMS, aside=lambda item: item > 3)


def document(*tables: Table[Any], **facts: Any) -> Document:
    return Document("A title", (Section("", tables, facts),), ("A note.", "Another."))


def constants(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def test_json_is_strict_and_of_one_shape() -> None:
    content = json.loads(write(document(table(), worst=math.inf), "json"), parse_constant=constants)
    assert [*content] == ["title", "sections", "notes"]
    (section,) = content["sections"]
    assert [*section] == ["name", "worst", "rows"]
    assert section["worst"] == "inf"
    assert [row["value"] for row in section["rows"]] == [0.1 + 0.2, "inf", "-inf", None, None, 1e-300]
    assert section["rows"][1]["value_low"] == 1 / 3
    assert section["rows"][4]["value_low"] is None
    assert section["rows"][2]["all"] == [2, {"a": None}]


def test_csv_has_every_digit_and_nothing_where_there_is_nothing() -> None:
    read = pd.read_csv(io.StringIO(write(document(table()), "csv")), dtype=str)
    assert [*read.columns] == ["name", "value", "value_low", "value_high", "all"]
    assert [float(value) for value in read["value"].dropna()] == [0.1 + 0.2, math.inf, -math.inf, 1e-300]
    assert read["value"].isna().to_list() == [False, False, False, True, True, False]
    assert float(read["value_low"][1]) == 1 / 3


def test_tables_over_the_same_items_share_their_records() -> None:
    beside = Table("", (kept("more", lambda item: item), kept_interval("e:t:x", lambda item: (0.0, 1.0))), ITEMS)
    elsewhere = Table("", (kept("other", lambda item: item),), (7,))
    (section,) = document(table(), beside, elsewhere).sections
    assert len(section.records) == len(ITEMS) + 1
    assert section.records[2]["more"] == 2
    assert section.records[2]["e_high:t:x"] == 1.0
    assert section.records[-1] == {"other": 7}


def test_a_section_is_a_column_only_where_records_do_not_say_theirs() -> None:
    def head(*columns: Column[str]) -> str:
        sections = tuple(Section(name, (Table("", columns, (name,)),)) for name in ("a", "b"))
        return write(Document("", sections), "csv").splitlines()[0]

    assert head(kept("x", lambda name: 1)) == "section,x"
    assert head(kept("x", lambda name: 1), kept("task", lambda name: name)) == "x,task"


@pytest.mark.parametrize("form", FORMATS)
def test_a_document_without_items_can_be_written(form: str) -> None:
    text = write(Document("A title", (Section("", (Table("", table().columns, ()),)),)), form)
    if form == "csv":
        assert text == "name,value,value_low,value_high,all"


def test_html_has_no_tag_of_a_names() -> None:
    hostile = Column("x", HOSTILE, lambda item: HOSTILE, kind=Kind.TEXT)
    text = write(Document(HOSTILE, (Section("", (table(hostile, title=HOSTILE),)),), (HOSTILE,)), "html")
    assert "<script" not in text
    assert text.count("&lt;script&gt;") == 2 + 1 + 1 + len(ITEMS) + 1
    assert text.count('class="aside"') == 2


def test_latex_and_markdown_escape_what_names_hold() -> None:
    made = Document("", (Section("", (table(shown(HOSTILE, lambda item: HOSTILE), title=HOSTILE),)),), ("a\n\\b",))
    latex, markdown = write(made, "latex"), write(made, "md")
    assert r"\input" not in latex.replace(r"\textbackslash{}input", "")
    assert latex.splitlines()[-1] == r"% a\n\b"
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {5}
    assert "<script" not in markdown.replace("\\<", "")


def test_rules_and_dashes() -> None:
    lines = write(document(table()), "table").splitlines()
    assert lines[lines.index("") - 1].startswith("name-3")
    assert [line.split()[1] for line in lines if line.startswith("name-")] == [
        "0.300",
        "inf",
        "-inf",
        "–",
        "–",
        "1e-300",
    ]
    assert write(document(table()), "latex").count("\\midrule") == 2


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_cell_is_cut_or_leaves_its_line_at_any_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    wide = [shown(f"column {i}", lambda item, i=i: f"{i}.{item}-[0.123, {'9' * i}]") for i in range(12)]
    made = table(*wide, shown("prose", lambda item: "a word " * 12 + "last", Kind.TEXT))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    lines = terminal.as_text(document(made)).splitlines()
    assert max(map(len, lines)) <= width
    for item, i in itertools.product(ITEMS, range(12)):
        (line,) = (line for line in lines if f"{i}.{item}-[0.123, {'9' * i}]" in line.split("   "))
        assert line.startswith(f"name-{item} ")
    assert sum("last" in line for line in lines) == len(ITEMS)
    assert any("value" in line and "[95 %]" in line for line in lines)


def test_names_fold_only_where_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    for length, folds in ((40, False), (75, True)):
        long: Column[int] = Column("long", "long", lambda item, n=length: f"{item}" * n, kind=Kind.NAME)
        number: Column[int] = shown("number", lambda item: f"[0.12{item}, 34.5]")
        prose: Column[int] = shown("prose", lambda item: "a word " * 20, Kind.TEXT)
        text = terminal.as_text(document(Table("", (long, number, prose), ITEMS)))
        assert ("5" * length in text) is not folds
        assert text.count("5" * 12) > 0
        assert all(f"[0.12{item}, 34.5]" in text for item in ITEMS)


def test_in_a_pipe_text_is_one_line() -> None:
    made = document(table(shown("prose", lambda item: "a word " * 60 + "last", Kind.TEXT)))
    assert sum(line.endswith("a word last") for line in write(made, "table").splitlines()) == len(ITEMS)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'latex'"):
        write(document(table()), "latx")


def test_writing_knows_of_no_leaderboard_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, indmech_bench.text.writing; print([n for n in sys.modules if n.startswith(('indmech_bench.', "
        "'torch', 'rich', 'jinja2', 'pandas', 'numpy')) and not n.startswith(('indmech_bench.text', "
        "'indmech_bench.errors'))])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("values", "cells"),
    [
        ([0.687, 1.145, 6.4158, 0.0, None, math.inf], ["0.687", "1.145", "6.416", "0", "–", "inf"]),
        ([0.00344, 0.265, 0.09], ["0.00344", "0.26500", "0.09000"]),
        ([0.012, 25.0], ["0.012", "25.000"]),
        ([6001.0, 110000.0], ["6001", "110000"]),
        ([3e-31, 0.156, 0.0], ["3.0e-31", "1.6e-01", "0"]),
        ([0.012, 123.0], ["1.2e-02", "1.2e+02"]),
        ([-2.5, 31.0, math.nan], ["-2.50", "31.00", "–"]),
        ([None, 0.0], ["–", "0"]),
    ],
)
def test_numbers_of_a_column_are_in_one_notation(values: list[float | None], cells: list[str]) -> None:
    assert even_numbers(values) == cells


def test_a_terminal_keeps_the_most_important_columns_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    columns: list[Column[int]] = [
        Column(f"c{i}", f"column {i}", lambda item, i=i: item + i + 0.5, importance=9 - i) for i in range(10)
    ]
    beside = Column[int]("c3", "[95 %]", lambda item: (0.5, 1.5), str, interval=True, importance=7)
    made = Document("", (Section("", (table(*columns[:4], beside, *columns[4:]),)),), (), "verb --long")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    text = terminal.as_text(made)
    assert max(map(len, text.splitlines())) <= 80
    shown_columns = [i for i in range(10) if f"column {i}" in text.partition("\n\n")[0].splitlines()[1]]
    assert shown_columns == [*range(shown_columns[0], 10)]
    absent = [f"column {i}" for i in range(shown_columns[0])]
    absent.insert(4, "column 3 [95 %]")
    assert f"no room here: {', '.join(absent)}; verb --long shows them." in " ".join(text.split())
    monkeypatch.setenv("COLUMNS", "400")
    assert "no room" not in terminal.as_text(made)
    assert terminal.as_text(replace(made, more="")) == terminal.as_text(made)
