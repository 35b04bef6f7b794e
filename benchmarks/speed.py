"""How fast training is: `python benchmarks/speed.py [--jax PYTHON] [--core]` prints the tables of benchmarks/README.md.

All numbers are processor time of one core, medians of several repetitions in one run: compare ratios, not machines.
--jax names a Python that has JAX, which trains the same for comparison; --core runs the suite `core`, by stages.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import numpy as np
from problems import FAMILIES, OBJECTIVES, posed, random_impulse, stepper

from indmech_bench.problem.engine import engine

LONG = [((64, 64), 64), ((256, 256), 256), ((512, 512), 512), ((9, 5), 4096), ((64, 32), 4096), ((128, 128), 4096)]
REPLICATES = (1, 32, 512, 4096)
WIDER = {
    "n": ["full-cascade-large", "fir-natural", "eyes-independent"],
    "K": ["fir-natural", "deep-3-k1", "deep-5-k1"],
    "E": ["environments-1", "environments-2", "environments-4"],
}


def cost(call: Callable[[int], None], count: int, repeats: int = 5) -> float:
    """Microseconds of processor time a step, the median over repetitions of so many steps."""
    call(2)
    times = []
    for _ in range(repeats):
        begun = time.process_time()
        call(count)
        times.append((time.process_time() - begun) / count * 1e6)
    return float(np.median(times))


def trained(task: str, objective: str, replicates: int, way: str) -> float:
    """What a step costs."""
    take = stepper(posed(task, replicates, way), OBJECTIVES[objective])
    if way == "plain":
        return cost(take, min(100, max(5, 1000 // replicates)))
    return cost(take, min(5000, max(60, 60_000 // replicates)))


def floor(replicates: int, lengths: Iterable[int], bins: int) -> float:
    """Transforms and their pull-backs as matrix products: what the arithmetic alone costs on this machine."""
    random = np.random.default_rng(0)
    products = []
    for length in lengths:
        taps, spectra = random.standard_normal((replicates, length)), random.standard_normal((replicates, 2 * bins))
        table = random.standard_normal((length, 2 * bins))
        products.append((taps, table, np.empty_like(spectra)))
        products.append((spectra, np.ascontiguousarray(table.T), np.empty_like(taps)))

    def call(number: int) -> None:
        for _ in range(number):
            for left, right, out in products:
                np.dot(left, right, out)

    return cost(call, max(20, 100_000 // replicates))


def row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def table(head: list[str], lines: Iterable[list[object]]) -> None:
    print(row(head), row(["---"] * len(head)), *map(row, lines), "", sep="\n", flush=True)


def shown(value: float) -> str:
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def by_family() -> None:
    """Microseconds a step of all replicates."""
    print("### Microseconds a step: fit + 0.1 Σ (log ρ)², Adam\n")
    lines: list[list[object]] = []
    for family, task in FAMILIES.items():
        for replicates in REPLICATES:
            plain, fused = (trained(task, "independence-penalty", replicates, way) for way in ("plain", "fused"))
            one = lines[-1][2] if replicates > 1 and family == lines[-1][0] else plain
            assert isinstance(one, float)
            lines.append([family, replicates, one, plain, fused])
    table(
        ["family", "R", "plain, one seed at a time", "plain", "fused", "plain / fused", "fused: replicates a second"],
        [
            [f, r, shown(one * r), shown(plain), shown(fused), shown(plain / fused), f"{r / fused * 1e6:,.0f}"]
            for f, r, one, plain, fused in lines
        ],
    )


def wider() -> None:
    """Steps of replicates a second by what a task has."""
    print("### Fused: replicates a second (one step each), at R = 32\n")
    lines = []
    for what, tasks in WIDER.items():
        for task in tasks:
            problem = posed(task, 1, "fused")
            sizes = [getattr(problem.model, "n", 0), len(problem.shapes), problem.model.environments or 1]
            fused = trained(task, "independence-penalty", 32, "fused")
            lines.append([what, task, *sizes, sum(s[0] for s in problem.shapes.values()), f"{32 / fused * 1e6:,.0f}"])
    table(["varies", "task", "n", "kernels", "E", "taps", "replicates a second"], lines)


def against(jax: str | None) -> None:
    """Beside the arithmetic floor, and JAX."""
    found = {}
    if jax:
        script = Path(__file__).with_name("jax_training.py")
        command = [jax, str(script), *map(str, REPLICATES)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print("### fir-natural, float64: beside the floor (one matrix product a transform) and JAX (float32)\n")
    lines = []
    for objective in OBJECTIVES:
        for replicates in REPLICATES:
            fused, plain = (trained("fir-natural", objective, replicates, way) for way in ("fused", "plain"))
            least = floor(replicates, (9, 5), 33)
            rivals = [found.get(f"{objective} {replicates} {way}") for way in ("fft", "table")]
            ratios = [f"{fused / rival:.2f}" if rival else "–" for rival in rivals]
            costs = [shown(fused), shown(plain), shown(plain / fused), f"{fused / least:.1f}"]
            lines.append([objective, replicates, *costs, *ratios])
    table(["method", "R", "fused, µs", "plain, µs", "plain / fused", "/ floor", "/ JAX, rfft", "/ JAX, table"], lines)


def longer() -> None:
    """Where the FFTs of the plain way take over."""
    print(f"### Long signals, R = 32: below taps x frequencies = {engine.LARGEST:,} the fused way is taken\n")
    limit, engine.LARGEST = engine.LARGEST, 1 << 40
    lines = []
    for lengths, n in LONG:
        costs = []
        for way in ("plain", "fused"):
            take = stepper(random_impulse(lengths, n, 32, way), OBJECTIVES["independence-penalty"])
            costs.append(cost(take, 20 if way == "plain" else 60, 3))
        size = sum(lengths) * (n // 2 + 1)
        lines.append([f"{lengths[0]}, {lengths[1]}", n, f"{size:,}", *map(shown, costs), shown(costs[0] / costs[1])])
    engine.LARGEST = limit
    table(["taps", "n", "taps x frequencies", "plain, µs", "fused, µs", "plain / fused"], lines)


def core() -> None:
    """Where the time of the suite `core` goes."""
    print("### `core`, two workers, by stages (processor time of all processes, s)\n")
    with tempfile.TemporaryDirectory() as folder:
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = ["-m", "indmech_bench.cli", "run", "core", "--out", f"{folder}/core", "--jobs", "2"]
        subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        rows = [json.loads(line) for line in Path(f"{folder}/core/runs.jsonl").read_text().splitlines()]
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    stages: dict[str, float] = collections.defaultdict(float)
    searches: dict[tuple[str, int], float] = {}
    for each in rows:
        seconds = each["seconds"] or 0.0
        kind = "linear" if each["task"].startswith("linear") else "kernels"
        if each["reference"]:
            stages["references"] += seconds
        elif "starts_that_fit" in each["details"]:
            known = searches.setdefault((each["task"], each["seed"]), seconds)
            searches[each["task"], each["seed"]] = min(known, seconds)
        else:
            stages[f"single starts, {kind}"] += seconds
    for (task, _), seconds in searches.items():
        stages[f"many starts, once, {'linear' if task.startswith('linear') else 'kernels'}"] += seconds
    stages["truths, scores, processes (the rest)"] = spent - sum(stages.values())
    lines = [[stage, f"{seconds:.0f}", f"{seconds / spent:.0%}"] for stage, seconds in sorted(stages.items())]
    table(["stage", "s", "share"], [*lines, ["all", f"{spent:.0f}", f"{wall:.0f} s on the clock"]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jax", metavar="PYTHON", help="a Python that has JAX")
    parser.add_argument("--core", action="store_true", help="run core, by stages")
    options = parser.parse_args()
    against(options.jax)
    by_family()
    wider()
    longer()
    if options.core:
        core()


if __name__ == "__main__":
    main()
