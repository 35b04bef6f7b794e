"""Tables with a line a method: whose rows a line is of, and what it is called."""

from __future__ import annotations

from pathlib import Path

from folders import rows_of, write_folder, write_rows

from indmech_bench.analysis.method_lines import MethodLine, cells_by_task, section_of
from indmech_bench.analysis.task_rows import newest_rows

LINES = (
    MethodLine("adam:steps=5", False),
    MethodLine("sgd:steps=5,batch=8", False),
    MethodLine("oracle:steps=5", True),
)


def test_methods_come_before_references_and_tasks_as_in_the_catalogue(tmp_path: Path) -> None:
    cells = {("fork", "sgd"): [0.1], ("fir-natural", "sgd"): [0.1, 0.2], ("fir-natural", "adam"): [0.3]}
    found = cells_by_task(newest_rows(write_folder(tmp_path / "r", cells, references=["oracle"])))
    assert [*found] == ["fir-natural", "fork"]
    assert [*found["fir-natural"]] == [(False, "adam"), (False, "sgd"), (True, "oracle")]
    assert [row["seed"] for row in found["fir-natural"][False, "sgd"]] == [0, 1]


def test_a_row_that_was_skipped_is_on_no_line(tmp_path: Path) -> None:
    place = write_folder(tmp_path / "r", {("fir-natural", "adam"): [0.1] * 3, ("fir-natural", "sgd"): [0.1]})
    rows = rows_of(place)
    for row in (rows[1], rows[3]):
        row |= {"status": "skipped", "reason": "not for this task", "metrics": {}}
    write_rows(place, rows)
    (cells,) = cells_by_task(newest_rows(place)).values()
    assert {name: [row["seed"] for row in own] for name, own in cells.items()} == {(False, "adam"): [0, 2]}


def test_readers_see_settings_that_all_methods_have_in_the_title_alone() -> None:
    (table,) = section_of("fork", "fork: medians", LINES, (), {}).tables
    assert table.title == "fork: medians; all methods with steps=5"
    assert table.cells == [["adam"], ["sgd:batch=8"], ["oracle:steps=5"]]
    assert table.marks == [False, False, True]


def test_records_have_methods_in_full() -> None:
    assert section_of("fork", "fork: medians", LINES, (), {}).records == [
        {"method": line.method, "reference": line.reference} for line in LINES
    ]
