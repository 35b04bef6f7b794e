"""Labels of rows: a protocol, or the settings that vary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from folders import rows_of, write_folder, write_rows

from indmech_bench.analysis.labels import called, shortest, with_labels
from indmech_bench.analysis.pairing.pairings import versus
from indmech_bench.analysis.ranking.board import document
from indmech_bench.analysis.ranking.ranking import leaderboards
from indmech_bench.errors import InputError
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.identity import KEYED, row_identity_key
from indmech_bench.text.writing import write


def row(**changes: Any) -> dict[str, Any]:
    settings = Catalogue.read().find("method", "adam").defaults
    fields = {"task": "fir-natural", "task_settings": {}, "task_version": 1, "schema": 2, "method": "adam",
              "settings": {**settings, **changes.pop("settings", {})}, "protocol": "tuned-blind", "reference": False,
              "budget": None, "precision": "float64", "training": "fused", "salt": ""}  # fmt: skip
    return {**fields, **changes}


def test_a_label_names_the_protocol_for_the_settings() -> None:
    rows = [row(settings={"steps": 20}), row(task="fork", settings={"steps": 30}), row(protocol="default")]
    assert [one["label"] for one in with_labels(rows)] == ["adam [tuned-blind]", "adam [tuned-blind]", "adam"]


def test_two_settings_of_one_task_and_protocol_are_two_labels() -> None:
    rows = [row(settings={"steps": 20}), row(settings={"steps": 30}), row(settings={"steps": 20}, budget=9.0)]
    assert [one["label"] for one in with_labels(rows)] == [
        "adam:steps=20 [tuned-blind, budget=None]",
        "adam:steps=30 [tuned-blind, budget=None]",
        "adam [tuned-blind, budget=9.0]",
    ]


def test_a_method_that_is_not_installed_shows_the_settings_that_vary() -> None:
    row = {"task": "fir-natural", "task_settings": {}, "reference": False, "protocol": "default", "method": "elsewhere"}
    fields = {**dict.fromkeys(KEYED), **row}
    one = [{**fields, "settings": {"scale": 0.3, "steps": 5}}, {**fields, "settings": {"scale": 0.3, "steps": 5}}]
    assert [row["label"] for row in with_labels(one)] == ["elsewhere", "elsewhere"]
    two = [*one, {**fields, "settings": {"scale": 0.5, "steps": 5}}]
    assert [row["label"] for row in with_labels(two)] == ["elsewhere:scale=0.3"] * 2 + ["elsewhere:scale=0.5"]


ALIKE = ["adam:steps=20", "sgd:steps=20,x=1", "sgd:steps=20,x=2", "oracle"]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("adam:steps=20", ["adam:steps=20"]),
        ("adam", ["adam:steps=20"]),
        ("sgd:x=2", ["sgd:steps=20,x=2"]),
        ("oracle", ["oracle"]),
        ("sgd", ["sgd:steps=20,x=1", "sgd:steps=20,x=2"]),
        ("steps=20", []),
    ],
)
def test_a_label_can_be_called_as_tables_shorten_it_or_by_the_name_of_its_method(text: str, labels: list[str]) -> None:
    assert called(text, ALIKE[:3] if "x=" in text else ALIKE) == labels


def test_the_shortest_calls_name_each_label() -> None:
    assert [called(text, ALIKE) for text in shortest(ALIKE)] == [[label] for label in sorted(ALIKE)]


def test_a_comparison_wants_a_name_that_one_label_alone_has(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "r", {("fork", name): [0.1] * 4 for name in ("adam", "sgd")})
    rows = rows_of(folder)
    twice = different([row for row in rows if row["method"] == "sgd"], 77)
    write_rows(folder, [{**row, "key": row_identity_key(row)} for row in (*rows, *twice)])
    assert {pairing.other for pairing in versus(folder, "adam")} == {"adam"}
    assert {pairing.other for pairing in versus(folder, "sgd")} == {"sgd"}  # a label in full
    with pytest.raises(InputError, match="unknown method in the results 'sg': did you mean 'sgd'"):
        versus(folder, "sg")
    write_rows(folder, [{**row, "key": row_identity_key(row)} for row in (*different(rows, 7), *different(rows, 8))])
    with pytest.raises(InputError, match="unknown method in the results 'sgd': "):
        versus(folder, "sgd")


def different(rows: list[dict[str, Any]], steps: int) -> list[dict[str, Any]]:
    return [{**row, "settings": {**row["settings"], "steps": steps}} for row in rows]


def test_a_leaderboard_says_common_settings_once(tmp_path: Path) -> None:
    for row in (rows := rows_of(write_folder(tmp_path / "r", {("fork", name): [0.1] * 4 for name in ("adam", "sgd")}))):
        row["settings"]["steps"] = 77
    write_rows(tmp_path / "r", [{**row, "key": row_identity_key(row)} for row in rows])
    shown = write(document(leaderboards(tmp_path / "r")), "md")
    assert "### all tasks; all methods with steps=77" in shown
    assert "| adam |" in shown
    assert "adam:steps=77" in write(document(leaderboards(tmp_path / "r")), "csv")
