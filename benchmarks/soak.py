"""A long run under every accident that can be arranged: `python benchmarks/soak.py [--cells 2000] [--minutes 20]`.

Cells of a method that does nothing, raises, gives NaN, hangs, stops itself, dies, exits or kills its runner, are run
while the run, its runners and its children are killed, stopped and interrupted, the disk fills up, the folder is
read-only, a second run begins, the executor lies and the clock jumps. In the end one undisturbed run finishes what is
left. It prints how many rows were expected and are there, how many are there twice or are not what an undisturbed run
in one process gives, and the processes and temporary files that are left. It signals only processes that bear its own
mark in their environment. The clock that jumps is that of one process, not the machine's.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLUGIN = '''
import os
import signal
import time
from dataclasses import dataclass

import torch

from indmech_bench import register_method


@register_method("soaked")
@dataclass(frozen=True)
class Soaked:
    """Gives its start back, a little larger for each number, or does what its kind says."""

    number: int = 0
    kind: str = "calm"

    def fit(self, problem):
        if self.kind == "raises":
            raise ArithmeticError(str(self.number))
        if self.kind == "hangs":
            time.sleep(3600)
        if self.kind == "stops":
            os.kill(os.getpid(), signal.SIGSTOP)
        if self.kind == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind == "exits":
            os._exit(3)
        if self.kind == "kills-its-runner":
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(3600)
        factor = torch.nan if self.kind == "nan" else 1 + self.number / 1000
        return problem.solution({name: value * factor for name, value in problem.start().items()})
'''
KINDS = {
    "raises": (50, 3, "error"), "nan": (50, 13, "nonfinite"), "dies": (100, 23, "crashed"),
    "exits": (100, 43, "crashed"),
    "hangs": (500, 7, "timeout"), "stops": (500, 107, "timeout"), "kills-its-runner": (1000, 77, "crashed"),
}  # fmt: skip
"""kind -> one cell in so many, the number of the first, and the status of its rows."""
TIMEOUT = 20
ROOT = Path(__file__).resolve().parents[1]


def kind_of(number: int) -> str:
    return next((kind for kind, (every, first, _) in KINDS.items() if number % every == first), "calm")


def write_suite(folder: Path, cells: int) -> None:
    (folder / "soaked.py").write_text(PLUGIN)
    methods = [f"soaked:number={number},kind={kind_of(number)}" for number in range(cells)]
    text = f'tasks = ["fir-natural"]\nseeds = "1"\ntimeout = {TIMEOUT}\nmethods = {json.dumps(methods)}\n'
    (folder / "soak.toml").write_text(text)
    calm = [method for method in methods if method.endswith("=calm")]
    (folder / "calm.toml").write_text(f'tasks = ["fir-natural"]\nseeds = "1"\nmethods = {json.dumps(calm)}\n')


class Soak:
    """The runs of one soak and what disturbs them."""

    def __init__(self, folder: Path, generator: random.Random) -> None:
        self.folder, self.random = folder, generator
        self.mark = f"INDMECH_SOAK={folder}"
        self.done: Counter[str] = Counter()
        self.faults: list[str] = []
        (folder / "tmp").mkdir()

    def start(self, *words: str, program: str = "", **options: Any) -> subprocess.Popen[str]:
        name, _, value = self.mark.partition("=")
        code = ["-c", program] if program else ["-m", "indmech_bench.cli", "run", "soak.toml", *words]
        code += [] if program else ["--plugin", "soaked.py", "--out", "r", "--jobs", "2"]
        return subprocess.Popen(
            [sys.executable, *code], cwd=self.folder, text=True, start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, name: value, "TMPDIR": str(self.folder / "tmp"), "PYTHONPATH": str(ROOT)}, **options,
        )  # fmt: skip

    def marked(self) -> dict[int, int]:
        """Living processes that bear the mark, with their parents."""
        found = {}
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (place / "environ").read_bytes().split(b"\0"):
                    state, parent = (place / "stat").read_text().rpartition(")")[2].split()[:2]
                    if state != "Z":
                        found[int(place.name)] = int(parent)
            except OSError:
                continue
        return found

    def pick(self, run: subprocess.Popen[str], depth: int) -> int | None:
        """The run itself, one of its runners, or a child of one."""
        family, level = self.marked(), [run.pid]
        for _ in range(depth):
            level = [pid for pid, parent in family.items() if parent in level]
        return self.random.choice(level) if level else None

    def signal(self, run: subprocess.Popen[str], depth: int, what: int) -> int | None:
        pid = self.pick(run, depth)
        if pid is not None:
            try:
                os.kill(pid, what)
            except ProcessLookupError:
                return None
        return pid

    def end(self, run: subprocess.Popen[str], allowed: tuple[int, ...]) -> None:
        """Wait for a run; it must end as allowed, without a traceback of ours."""
        _, err = run.communicate()
        if run.returncode not in allowed or "Traceback" in err:
            self.faults.append(f"exit {run.returncode}: {err[-2000:]}")

    def disturb(self) -> None:
        """One run with one accident."""
        name = self.random.choice([*self.accidents()])
        self.done[name] += 1
        self.accidents()[name]()

    def accidents(self) -> dict[str, Callable[[], None]]:
        return {
            "kill -9 of the run": lambda: self.hit(0, signal.SIGKILL, (-signal.SIGKILL,)),
            "interrupt": lambda: self.hit(0, signal.SIGINT, (130,)),
            "kill -9 of runners": lambda: self.hits(1, signal.SIGKILL),
            "kill -9 of children": lambda: self.hits(2, signal.SIGKILL),
            "SIGSTOP of a runner, 3 s": lambda: self.pause(1),
            "SIGSTOP of the run, 3 s": lambda: self.pause(0),
            "SIGSTOP of a child": lambda: self.hits(2, signal.SIGSTOP, times=1),
            "a second run": self.second,
            "a full disk": self.full_disk,
            "a read-only folder": self.read_only,
            "an executor that lies, a clock that jumps": self.liar,
        }

    def wait(self, run: subprocess.Popen[str]) -> bool:
        """Some seconds of undisturbed work, once rows are written; whether it still runs."""
        before, end = self.size(), time.monotonic() + 120
        while self.size() == before and run.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(self.random.uniform(0.1, 6))
        return run.poll() is None

    def size(self) -> int:
        runs = self.folder / "r/runs.jsonl"
        return runs.stat().st_size if runs.exists() else 0

    def hit(self, depth: int, what: int, allowed: tuple[int, ...]) -> None:
        run = self.start(preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        if self.wait(run):
            self.signal(run, depth, what)
        self.end(run, (0, 1, *allowed))

    def hits(self, depth: int, what: int, times: int = 3) -> None:
        run = self.start()
        for _ in range(times):
            if self.wait(run):
                self.signal(run, depth, what)
        self.wait(run)
        self.signal(run, 0, signal.SIGKILL)
        self.end(run, (0, 1, -signal.SIGKILL))

    def pause(self, depth: int) -> None:
        run = self.start()
        if self.wait(run):
            pid = self.signal(run, depth, signal.SIGSTOP)
            time.sleep(3)
            if pid in self.marked():
                os.kill(pid, signal.SIGCONT)
        self.wait(run)
        self.signal(run, 0, signal.SIGKILL)
        self.end(run, (0, 1, -signal.SIGKILL))

    def second(self) -> None:
        run = self.start()
        if self.wait(run):
            self.end(self.start(), (2,) if run.poll() is None else (0, 1, 2))
        self.signal(run, 0, signal.SIGKILL)
        self.end(run, (0, 1, -signal.SIGKILL))

    def full_disk(self) -> None:
        """A small file system in memory in the place of the folder, where that is permitted; else a limit of files."""
        place = self.folder / "r"
        place.mkdir(exist_ok=True)
        room = self.size() + 40_000
        small = self.folder / "small"
        small.mkdir(exist_ok=True)
        size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file()) + (1 << 20)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", small], capture_output=True)
        if mounted.returncode:
            self.done["(a full disk by a limit of files: no tmpfs permitted)"] += 1
            self.end(self.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))), (0, 1, 2))
            return
        try:
            shutil.copytree(place, small / "r")
            (small / "filler").write_bytes(bytes(max(0, shutil.disk_usage(small).free - 40_000)))
            program = (
                f"from indmech_bench.cli.app import main; import sys; sys.argv = {self.command('small/r')!r}; main()"
            )
            self.end(self.start(program=program), (0, 1, 2))
            (small / "filler").unlink()
            shutil.rmtree(place)
            shutil.copytree(small / "r", place)
        finally:
            subprocess.run(["umount", small], check=True)

    @staticmethod
    def command(out: str) -> list[str]:
        return ["indmech-bench", "run", "soak.toml", "--plugin", "soaked.py", "--jobs", "2", "--out", out]

    def read_only(self) -> None:
        place = self.folder / "r"
        files = [file for file in place.rglob("*") if file.is_file()] if place.exists() else []
        for file in files:
            file.chmod(0o444)
        if files:
            place.chmod(0o555)
        mind = ctypes.CDLL(None)  # even root minds permissions without CAP_DAC_OVERRIDE
        self.end(self.start(preexec_fn=lambda: mind.prctl(24, 1, 0, 0, 0)), (2,) if files else (0, 1))
        for file in (place, *files):
            if file.exists():
                file.chmod(0o755 if file.is_dir() else 0o644)

    def liar(self) -> None:
        seed = self.random.randrange(1 << 30)
        run = self.start(program=LIAR.format(seed=seed, here=str(Path(__file__).parent)))
        self.wait(run)
        time.sleep(10)
        self.signal(run, 0, signal.SIGINT)
        self.end(run, (0, 1, 130, -signal.SIGINT))


LIAR = """
import sys; sys.path.insert(0, {here!r})
from soak import lie
lie({seed})
"""


def lie(seed: int) -> None:
    """A run by an executor that garbles, swaps, loses or raises one answer in four, under a clock that jumps."""
    from concurrent.futures import Future, ThreadPoolExecutor

    from indmech_bench import run

    generator = random.Random(seed)
    true_time = time.time
    time.time = lambda: true_time() + generator.choice([0, 0, 86_400, -86_400])  # type: ignore[assignment]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    kept: list[Any] = []

    class Lying(ThreadPoolExecutor):
        def submit(self, work: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
            def answer() -> Any:
                true = work(*arguments, **named)
                kept.append(true)
                lies = [None, 3, [[]], [[{**o, "seed": 999} for o in one] for one in true], generator.choice(kept)]
                lies += [[[{**o, "status": "ok"} for o in one] for one in true]]
                draw = generator.random()
                if draw < 0.05:
                    raise OSError("the executor has lost it")
                return generator.choice(lies) if draw < 0.25 else true

            return super().submit(answer)

    with Lying(2) as executor:
        run("soak.toml", plugins=["soaked.py"], out="r", jobs=executor)


def verdict(soak: Soak, cells: int) -> bool:
    """Compare the folder with an undisturbed run in one process; print and tell whether all is as it should be."""
    rows = [json.loads(line) for line in (soak.folder / "r/runs.jsonl").read_text().splitlines()]
    truth = [json.loads(line) for line in (soak.folder / "calm/runs.jsonl").read_text().splitlines()]
    calm = {row["key"]: row for row in truth}
    last = {row["key"]: row for row in rows}
    expected = len(calm) + sum(kind_of(number) != "calm" for number in range(cells))
    twice = Counter(row["key"] for row in rows if row["status"] == "ok")
    doubled = sum(count > 1 for count in twice.values())
    wrong = 0
    for key, row in last.items():
        kind = row["settings"].get("kind", "calm")
        if kind == "calm":
            fields = ("status", "seed", "settings", "method", "metrics", "truth", "details", "cost")
            wrong += key not in calm or any(row[name] != calm[key][name] for name in fields)
        else:
            wrong += row["status"] != KINDS[kind][2] or bool(row["metrics"])
    processes = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in soak.marked()}
    files = [*(soak.folder / "tmp").iterdir(), *(soak.folder / "r").rglob("*.partial")]
    for name, count in sorted(soak.done.items()):
        print(f"{count:4d} x {name}")
    print(f"rows expected {expected}, present {len(last)}, lost {expected - len(last)}, doubled {doubled}, "
          f"mislabelled {wrong}; processes left {len(processes)}, temporary files left {len(files)}")  # fmt: skip
    for fault in (*soak.faults, *map(str, processes.items()), *map(str, files)):
        print(fault)
    return not (expected - len(last) or doubled or wrong or processes or files or soak.faults)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=20, help="of disturbed runs; the last one is left to finish")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as root:
        folder = Path(root).resolve()
        write_suite(folder, given.cells)
        soak = Soak(folder, random.Random(given.seed))
        end = time.monotonic() + 60 * given.minutes
        first = [*soak.accidents()]
        soak.random.shuffle(first)
        for name in first:  # each once, then any
            if time.monotonic() < end:
                soak.done[name] += 1
                soak.accidents()[name]()
        while time.monotonic() < end:
            soak.disturb()
        soak.end(soak.start("--retry-failed"), (1,))
        undisturbed = "from indmech_bench import run; run('calm.toml', plugins=['soaked.py'], out='calm', jobs=0)"
        soak.end(soak.start(program=undisturbed), (0,))
        time.sleep(2)
        sys.exit(0 if verdict(soak, given.cells) else 1)


if __name__ == "__main__":
    main()
