"""What the engine's kernels have cost, as processes tell each other."""

from __future__ import annotations

from collections.abc import Sequence

from indmech_bench.harness.workers.messages import Kernels


def kernels_ready() -> Kernels:
    """The kernels that this process has made ready."""
    from indmech_bench.problem.engine.kernels.preparation import READY

    return {"compiled": READY.compiled, "read": READY.read, "seconds": round(READY.seconds, 3)}


def together(kernels: Sequence[Kernels]) -> Kernels:
    """Those of several processes."""
    return {
        "compiled": sum(each["compiled"] for each in kernels),
        "read": sum(each["read"] for each in kernels),
        "seconds": round(sum(each["seconds"] for each in kernels), 3),
    }
