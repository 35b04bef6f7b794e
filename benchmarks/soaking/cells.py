"""The cells of a soak: a method that does nothing, or what its kind says, and the suite of all of them."""

from __future__ import annotations

import json
from pathlib import Path

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


def kind_of(number: int) -> str:
    return next((kind for kind, (every, first, _) in KINDS.items() if number % every == first), "calm")


def write_suite(folder: Path, cells: int) -> None:
    (folder / "soaked.py").write_text(PLUGIN)
    methods = [f"soaked:number={number},kind={kind_of(number)}" for number in range(cells)]
    text = f'tasks = ["fir-natural"]\nseeds = "1"\ntimeout = {TIMEOUT}\nmethods = {json.dumps(methods)}\n'
    (folder / "soak.toml").write_text(text)
    calm = [method for method in methods if method.endswith("=calm")]
    (folder / "calm.toml").write_text(f'tasks = ["fir-natural"]\nseeds = "1"\nmethods = {json.dumps(calm)}\n')
