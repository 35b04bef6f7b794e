"""Every block of the pages does what it says: files are written, Python is executed, commands are run, in order."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from indmech_bench.cli.app import app
from indmech_bench.registry.catalogue import Catalogue

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CATALOGUE = (DOCS / "catalogue.md").read_text(encoding="utf-8")
BLOCK = re.compile(r'^```(python|shell|toml)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
PAGES = sorted(path.name for path in DOCS.glob("*.md") if BLOCK.search(path.read_text(encoding="utf-8")))


def command(line: str) -> None:
    """One command of a shell block, in this process: its exit is 0."""
    program, *arguments = shlex.split(line)
    assert program == "indmech-bench", line
    if arguments[0] == "run":
        arguments += ["--jobs", "0"]
    assert app(arguments, standalone_mode=False) in (0, None), line


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_works(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])  # plugins add their folders
    names: dict[str, Any] = {"__name__": "page"}
    for language, title, text in BLOCK.findall((DOCS / page).read_text(encoding="utf-8")):
        if title:
            (tmp_path / title).write_text(text)
        elif language == "python":
            exec(compile(text, page, "exec"), names)
        else:
            for line in text.splitlines():
                command(line)


def test_pages_with_blocks_are_found() -> None:
    assert {"run.md", "methods.md", "tasks.md", "tables.md", "theory.md"} <= set(PAGES)


def _under(head: str) -> list[str]:
    """The lines of the table of the page on what there is that has this head."""
    return CATALOGUE.partition(head)[2].partition("\n\n")[0].splitlines()[2:]


def test_the_page_of_what_there_is_names_every_suite_family_and_method() -> None:
    catalogue = Catalogue.read()
    suites = [
        name for line in _under("| suite | what it asks |") for name in re.findall(r"`(.+?)`", line.split(" | ")[0])
    ]
    families = [line.split(" | ")[0].strip("| ") for line in _under("| family | tasks |")]
    methods = [name for line in _under("| approach | methods |") for name in re.findall(r"`([a-z][a-z-]+)`", line)]
    assert sorted(suites) == sorted(path.stem for path in (ROOT / "indmech_bench/harness/suites").glob("*.toml"))
    twins = {f"{family}-gaussian" for family in families if family.startswith("physics")}  # as the lines themselves say
    assert {entry.facts["family"] for entry in catalogue.of_kind("task")} == {*families} | twins
    assert sorted(methods) == sorted(entry.name for entry in catalogue.of_kind("method"))


def test_a_wrapper_of_a_method_is_short() -> None:
    """What turns an estimator, a module or an optimiser into a method takes less than 30 lines."""
    wrappers = re.findall(r"^@register_method.*?^```$", (DOCS / "methods.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(wrappers) == 5
    assert all(len(wrapper.splitlines()) <= 30 for wrapper in wrappers)
