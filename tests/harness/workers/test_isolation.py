"""A method that misbehaves on some seeds: every seed has its row, nobody else is touched, nothing is gained."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from conftest import Cli
from documents import records
from folders import rows_of
from misbehaving import PLUGIN, digests

from indmech_bench.results.files import row_file_name

EXPECTED = {
    2: ("error", "ArithmeticError: I do not like seed 2"),
    3: ("nonfinite", "the solution is not finite"),
    4: ("timeout", "over the limit of 3 s"),
    5: ("error", "ArithmeticError: I do not like seed 5"),
    6: ("crashed", "the process died of SIGKILL"),
    7: ("error", "RuntimeError"),
    8: ("error", "SystemExit: 0"),
}


def test_a_misbehaving_method_harms_only_its_own_seeds_and_gains_nothing(cli: Cli, tmp_path: Path) -> None:
    seeds = range(12)
    (tmp_path / "plug.py").write_text(PLUGIN.format(seeds=digests(seeds)))
    names = ("--method", "misbehaving", "--method", "well-behaved", "--method", "adam:steps=10")
    made = cli("run", "--task", "fir-natural", *names, "--seeds", "12", "--plugin", "plug.py", "--timeout", "3",
               "--out", "r")  # fmt: skip
    assert made.returncode == 1, made.stderr
    assert made.stdout.splitlines()[-1] == f"{11 * 12 - 7} ok, 7 failed, 0 skipped"
    assert "Traceback" not in made.stderr
    assert "xxx" not in made.stdout + made.stderr

    rows = rows_of(tmp_path / "r")
    assert len(rows) == len({row["key"] for row in rows}) == 11 * 12
    mine = {row["seed"]: row for row in rows if row["method"] == "misbehaving"}
    for seed in seeds:
        status, reason = EXPECTED.get(seed, ("ok", ""))
        assert mine[seed]["status"] == status, mine[seed]
        assert mine[seed]["reason"].startswith(reason)
        assert bool(mine[seed]["metrics"]) == (status == "ok")
    others = [row for row in rows if row["method"] != "misbehaving"]
    assert all(row["status"] == "ok" for row in others)

    same = {row["seed"]: row["metrics"] for row in rows if row["method"] == "well-behaved"}
    assert all(mine[seed]["metrics"] == same[seed] for seed in seeds if seed not in EXPECTED)

    shown = cli("status", "r", "--failures").stdout
    line = (
        r"misbehaving +error +\d +fir-natural \(seeds? [\d, ]*5.*\) +ArithmeticError: I do not like seed \d +r/errors/"
    )
    assert re.search(line, shown)
    traceback = (tmp_path / f"r/errors/{row_file_name(mine[5])}.txt").read_text()
    assert "raise ArithmeticError" in traceback
    assert "xxx" in traceback
    assert len(traceback) < 30_000

    lines = {line["method"]: line for line in records(cli("leaderboard", "r", "--format", "json").stdout)}
    bad, good = lines["misbehaving"], lines["well-behaved"]
    assert (bad["ok"], bad["failed"], bad["missing"]) == (5, 7, 0)
    assert bad["score"] < good["score"]
    assert bad["rank"] > good["rank"]
    assert bad["identified"] <= good["identified"]
    assert bad["median_extrapolation_error"] == "inf"


LEAVES_A_PROCESS = '''
import os, subprocess, time
from dataclasses import dataclass

from indmech_bench import register_method


@register_method("leaves-a-process")
@dataclass(frozen=True)
class Leaves:
    """Forks a process that outlives it and holds its pipes open."""

    detached: bool = False

    def fit(self, problem):
        if os.fork() == 0:
            if self.detached:
                os.setsid()
            with open(os.environ["LEFT"], "a") as file:
                file.write(f"{os.getpid()}\\n")
            time.sleep(5 if self.detached else 600)
            os._exit(0)
        return problem.solution(problem.start())
'''


@pytest.mark.parametrize("detached", [False, True])
def test_a_process_that_a_method_leaves_behind_delays_nothing(cli: Cli, tmp_path: Path, detached: bool) -> None:
    (tmp_path / "plug.py").write_text(LEAVES_A_PROCESS)
    left = tmp_path / "left"
    before = time.monotonic()
    made = cli("run", "--task", "fir-natural", "--method", f"leaves-a-process:detached={str(detached).lower()}",
               "--seeds", "1", "--plugin", "plug.py", "--out", "r", env={**os.environ, "LEFT": str(left)})  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert time.monotonic() - before < 60
    if not detached:
        assert not any(_alive(int(pid)) for pid in left.read_text().split())


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


WRITES_EVERYWHERE = """
import os
from dataclasses import dataclass

from indmech_bench import register_method


@register_method("writes-everywhere")
@dataclass(frozen=True)
class Writes:
    \"\"\"Writes into every descriptor that it finds open.\"\"\"

    text: str = "123"
    end: bool = False

    def fit(self, problem):
        for file in os.listdir("/proc/self/fd"):
            if int(file) > 2:
                try:
                    os.write(int(file), self.text.encode() + b"\\n")
                except OSError:
                    continue
        if self.end:
            os._exit(0)
        return problem.solution(problem.start())
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads /proc")
def test_what_a_method_writes_into_its_descriptors_is_no_answer(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "plug.py").write_text(WRITES_EVERYWHERE)
    texts = ("123", "[3]", "[null]")
    names = [word for text in texts for word in ("--method", f"writes-everywhere:text={text}")]
    made = cli("run", "--task", "fir-natural", *names, "--method", "writes-everywhere:end=true", "--method",
               "adam:steps=2", "--seeds", "2", "--jobs", "1", "--plugin", "plug.py", "--out", "r")  # fmt: skip
    assert "Traceback" not in made.stderr
    assert made.stdout.splitlines()[-1] == "24 ok, 2 failed, 0 skipped"
    for row in rows_of(tmp_path / "r"):
        ended = row["settings"].get("end", False)
        assert (row["status"], row["reason"]) == (
            ("crashed", "the process exited with 0 before it answered") if ended else ("ok", "")
        )
