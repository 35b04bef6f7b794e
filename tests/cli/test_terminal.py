"""What a terminal shows at the widths that people have, and what it says when it is not one."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from folders import write_folder

Shown = Callable[..., str]
WIDTHS = (80, 100, 120, 160)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six methods with long names on five tasks, errors of every size, one failure."""
    random = np.random.default_rng(0)
    tasks = ("fir-natural", "fork", "full-cascade-large", "eyes-natural", "fir-generic")
    methods = ("adam", "multistart-independent", "root-search-sparse-first", "independence-annealed", "sgd:steps=7")
    cells = {(task, method): 10 ** random.normal(-2, 3, 9) for task in tasks for method in methods}
    cells["fork", "adam"][0] = np.inf
    return write_folder(tmp_path_factory.mktemp("terminal") / "r", cells, references=["oracle", "best-constant"])


def in_terminal(width: int, *arguments: str) -> tuple[str, int]:
    """What `indmech-bench` shows in a terminal of this width, and its exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        own = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        os.execve(sys.executable, [sys.executable, "-m", "indmech_bench", *arguments], own)  # libraries may set them
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    text = b""
    while True:
        try:
            chunk = os.read(terminal, 1 << 16)
        except OSError:  # its end, on Linux
            break
        if not chunk:
            break
        text += chunk
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return text.decode().replace("\r\n", "\n"), os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_leaderboard_fits_and_keeps_what_is_important(folder: Path, width: int) -> None:
    text, code = in_terminal(width, "leaderboard", str(folder))
    assert code == 0
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    first = text.partition("\n\nidentified, by task")[0].splitlines()
    assert first[0] == "all tasks but controls"
    head = first[1]
    assert all(name in head for name in ("rank", "method", "identified", "e (median)", "score"))
    lines = [line for line in first if re.match(r" +(\d+|–|ref) ", line)]
    assert len(lines) == 5 + 2  # one table: no page of it follows
    said = " ".join(text.split())
    absent = re.search(r"Columns that have no room here: (.*); leaderboard --long shows them", said)
    assert absent
    assert not set(absent[1].split(", ")) & set(re.split("   +", head.strip()))
    assert ("score [95 %]" in absent[1]) == (width < 120)


def test_long_shows_every_column_and_each_in_one_notation(folder: Path) -> None:
    text, _ = in_terminal(80, "leaderboard", str(folder), "--long")
    assert max(map(len, text.splitlines())) <= 80
    assert "no room" not in text
    overall = text.partition("\n\nidentified, by task")[0]
    for head in ("moved most by", "coverage", "cost", "leave one out"):
        assert head in overall
    pages = [page.splitlines() for page in overall.split("\n\n") if "rank " in page.splitlines()[0] or "all " in page]
    fits = next(page for page in pages if any(re.search(r" e \(median\)", line) for line in page[:2]))
    cells = [re.split("   +", line.strip()) for line in fits if re.match(r" +(\d+|–) ", line)]
    shapes = {re.sub(r"\d", "9", cell[-1]).replace("+", "-") for cell in cells}
    assert len(shapes) == 1


@pytest.mark.parametrize("kind", ["tasks", "methods"])
def test_listings_are_short_and_long_ones_whole(kind: str) -> None:
    short, _ = in_terminal(80, "list", kind)
    assert max(map(len, short.splitlines())) <= 80
    assert short.count("────\n") == 1  # one table
    long, _ = in_terminal(80, "list", kind, "--long")
    assert long.count("────\n") >= short.count("────\n")
    if kind == "tasks":
        assert [line.split()[0] for line in short.splitlines() if line.startswith("fir-natural ")] == ["fir-natural"]
        assert "independence" in long


def test_a_run_has_a_bar_that_names_what_runs_and_ends_with_what_comes_next(tmp_path: Path) -> None:
    out = tmp_path / "r"
    run = ("run", "--task", "fir-natural", "--method", "adam:steps=5", "--seeds", "1", "--jobs", "0", "--out", str(out))
    text, code = in_terminal(120, *run)
    assert code == 0
    assert f"{out}: 9 rows of 9 cells to run" in text
    drawn = [part for part in re.split(r"[\r\n]", text) if "|" in part]
    assert any("0/9 rows, 0:00 elapsed; runs fir-natural oracle" in part for part in drawn)
    assert any("runs fir-natural adam:steps=5" in part for part in drawn)
    assert max(map(len, drawn)) <= 120
    plain = text.replace("\x1b[0m", "")  # which tqdm says at the end where colorama is installed
    last = [line for line in re.split(r"[\r\n]", plain) if line.strip()][-2:]
    assert last[0].endswith("9 ok, 0 failed, 0 skipped")
    assert re.fullmatch(rf"{out}, \d:\d\d; next: indmech-bench leaderboard {out}", last[1])
