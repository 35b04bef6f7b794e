"""An executor that lies, and a clock that jumps."""

from __future__ import annotations

import random
import signal
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from indmech_bench import run


def lie(seed: int) -> None:
    """A run by an executor that garbles, swaps, loses or raises one answer in four, under a clock that jumps."""
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

    with Lying(2) as executor, suppress(KeyboardInterrupt):
        run("soak.toml", plugins=["soaked.py"], out="r", jobs=executor)
