"""The tutorial runs as it stands, and prints what its page shows, last digits of rounding aside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

NOTEBOOK = Path(__file__).parents[2] / "docs/tutorial.ipynb"
END = "--- end of a cell"


def test_the_tutorial_prints_what_its_page_shows(tmp_path: Path) -> None:
    cells = [cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    script = "\n".join("".join(cell["source"]) + f"\nprint({END!r})" for cell in cells)
    made = subprocess.run(
        [sys.executable, "-"], input=script, cwd=tmp_path, capture_output=True, text=True, timeout=300,
        env={**os.environ, "MPLBACKEND": "agg"},
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    printed = [part.strip() for part in made.stdout.split(END)][:-1]
    for cell, now in zip(cells, printed, strict=True):
        shown = ["".join(output["text"]) for output in cell["outputs"] if output["output_type"] == "stream"]
        assert cell["execution_count"]
        # numbers of the last digit may differ on another processor, words and counts of lines may not
        assert [line.split()[:2] for line in now.splitlines()] == [
            line.split()[:2] for line in "".join(shown).splitlines()
        ]
