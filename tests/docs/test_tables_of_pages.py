"""Every table of results on README.md and the pages stands under the command that it is the output of."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from indmech_bench.cli.app import app

ROOT = Path(__file__).parents[2]
OUTPUT = """# A title

### all tasks

| method | e [95 %] | score |
| --- | ---: | ---: |
| adam | 0.5 [0.4, 0.6] | 0.67 |
| sgd [matched-fit] | 0.7 [0.6, 0.8] | 0.59 |

### by task

| method | fork |
| --- | ---: |
| adam | 1.0 |

- a note
"""
MEASURED = re.compile(r"^\| (?:.*\| )?(?:identified|score|e \(median\)|verdict|told apart)\b.*\|$", re.MULTILINE)


def refresh() -> ModuleType:
    spec = importlib.util.spec_from_file_location("refresh", ROOT / "docs/refresh.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["refresh"] = module
    spec.loader.exec_module(module)
    return module


REFRESH = refresh()
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
REFERENCE = [path for path in (ROOT / "results/reference").glob("*") if path.is_dir()]
PAGES = [path for path in REFRESH.pages() if REFRESH.blocks(path.read_text(encoding="utf-8"))]


def shown(text: str) -> list[str]:
    return list(REFRESH.selected(OUTPUT, REFRESH.Shown.read(text)))


def test_a_block_shows_what_its_comment_asks_for() -> None:
    whole = shown("leaderboard r")
    assert len(whole) == 2
    assert whole[1] == "### by task\n\n| method | fork |\n| --- | --- |\n| adam | 1.0 |"
    assert shown("leaderboard r | tables 2 | bare") == ["| method | fork |\n| --- | --- |\n| adam | 1.0 |"]
    (plain,) = shown("leaderboard r | tables 1 | rows 'sgd [matched-fit]' | plain | bare")
    assert plain.splitlines()[2:] == ["| sgd [matched-fit] | 0.7 | 0.59 |"]
    (turned,) = shown('leaderboard r | tables 1 | columns method "e [95 %]" | transposed | bare')
    assert turned.splitlines()[0] == "| method | adam | sgd [matched-fit] |"
    assert turned.splitlines()[2] == "| e [95 %] | 0.5 [0.4, 0.6] | 0.7 [0.6, 0.8] |"


def test_an_option_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="colums"):
        REFRESH.Shown.read("leaderboard r | colums score")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_blocks_are_full_and_of_verbs_that_there_are(path: Path) -> None:
    verbs = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    runs = (ROOT / "docs/runs.sh").read_text(encoding="utf-8")
    for comment, text in REFRESH.blocks(path.read_text(encoding="utf-8")):
        verb, folder = REFRESH.Shown.read(comment).arguments[:2]
        assert verb in verbs
        if folder.startswith("results/"):  # other verbs need no runs
            suite = folder.removeprefix("results/")
            made = f".ci/reference {suite.removeprefix('reference/')} " in MAKEFILE
            assert made if suite.startswith("reference/") else f"run {suite}\n" in runs or f"--out {folder}" in runs
        else:
            assert verb in ("pairs", "audit", "stretches", "enforce")
        assert text.count("\n|") >= 2, comment


def test_no_table_of_results_stands_outside_of_a_block() -> None:
    for path in REFRESH.pages():
        outside = REFRESH.BLOCK.sub("", path.read_text(encoding="utf-8"))
        measured = list(MEASURED.findall(outside))
        assert path.name in ("claims.md", "glossary.md", "tables.md", "theory.md") or not measured, (
            path.name,
            measured,
        )


@pytest.mark.parametrize("folder", REFERENCE, ids=lambda path: path.name)
def test_tables_of_the_reference_results_are_what_their_commands_print(folder: Path) -> None:
    of = folder.relative_to(ROOT).as_posix()
    pages = {path: path.read_text(encoding="utf-8") for path in REFRESH.pages()}
    shown = {path: text for path, text in pages.items() if any(of in comment for comment, _ in REFRESH.blocks(text))}
    assert shown, f"no page shows {of}"
    for path, text in shown.items():
        assert REFRESH.refreshed(text, ROOT, of) == text, f"{path.name}: python docs/refresh.py --results . --of {of}"
