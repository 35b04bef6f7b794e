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
import random
import sys
import tempfile
import time
from pathlib import Path

from soaking.accidents import ACCIDENTS
from soaking.cells import write_suite
from soaking.runs import Soak
from soaking.verdict import verdict


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
        first = [*ACCIDENTS]
        soak.random.shuffle(first)
        while time.monotonic() < end:  # each once, then any
            name = first.pop(0) if first else soak.random.choice([*ACCIDENTS])
            soak.done[name] += 1
            ACCIDENTS[name](soak)
        soak.end(soak.start("--retry-failed"), (1,))
        undisturbed = "from indmech_bench import run; run('calm.toml', plugins=['soaked.py'], out='calm', jobs=0)"
        soak.end(soak.start(program=undisturbed), (0,))
        time.sleep(2)
        sys.exit(0 if verdict(soak, given.cells) else 1)


if __name__ == "__main__":
    main()
