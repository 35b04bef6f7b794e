"""Results that hold something for every figure, and some whose names are hostile."""

from __future__ import annotations

from pathlib import Path

from folders import rows_of, write_folder, write_rows

import indmech_bench
from indmech_bench.registry.identity import row_identity_key

HOSTILE = "<script>window.hostile=1</script>&$x_{1}$"


def everything_in(out: Path) -> Path:
    """A real run of a few steps: doses, images, curves, all solutions."""
    tasks = ["fir-natural", "fir-natural:dependence=0.0", "fir-natural:dependence=0.4", "toy-faces-single"]
    methods = ["adam:steps=3", "weight-decay:steps=3", "sgd:steps=3"]
    indmech_bench.run(tasks=tasks, methods=methods, seeds="1", curves=True, jobs=0, quiet=True, out=out)
    return out


def hostile_in(folder: Path) -> Path:
    """Three methods on two tasks and a control, failures among them; a method and a reason hold markup."""
    inf = float("inf")
    good, middle, bad = [0.01] * 9 + [0.2], [0.3] * 10, [0.5, 0.6, inf, 0.7, inf, 0.9, 1.0, 1.1, 1.2, 1.3]
    cells = {("fork", "adam"): good, ("fork", "sgd"): middle, ("fork", "weight-decay"): bad}
    cells |= {("deep-3-k1", method): errors for (_, method), errors in cells.items()}
    cells |= {("fir-generic", method): errors for (_, method), errors in [*cells.items()][::-1][:3]}
    write_folder(folder, cells, references=["oracle", "best-constant"], entry={"command": ["indmech-bench", "run"]})
    rows = rows_of(folder)
    for row in rows:
        if row["method"] == "sgd":
            row["settings"]["note"] = HOSTILE
            row["key"] = row_identity_key(row)
        row["reason"] = HOSTILE if row["reason"] else ""
    write_rows(folder, rows)
    return folder
