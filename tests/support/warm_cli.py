"""The command line in forks of a process that has its imports done: what a user runs, without start-up each time.

Reads a request a line from standard input (`arguments`, `folder`, `environment`, and the files `out` and `err` that the
command writes to) and answers with its exit code. Start-up itself is tested on real processes, in tests/cli.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import sys
import traceback
from typing import Any


def main() -> None:
    """Answer requests until standard input closes."""
    from indmech_bench.cli import app

    for package in ("indmech_bench.tasks", "indmech_baselines"):  # what every run imports, torch with it
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(module.name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _run(json.loads(line), app.main)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(request: dict[str, Any], command: Any) -> None:
    """Be the command, and end as a process of its own would."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for descriptor, name, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, request["out"], os.O_WRONLY),
        (2, request["err"], os.O_WRONLY),
    ):
        opened = os.open(name, flags)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - they live as long as the process
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["indmech-bench", *request["arguments"]]
    code = 0
    try:
        command()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:  # as the interpreter would: a traceback and 1
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
