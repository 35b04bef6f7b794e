"""What the engine's kernels have cost, as processes tell each other, and having them ready before it counts."""

from __future__ import annotations

from collections.abc import Sequence

from indmech_bench.harness.workers.messages import Job, Kernels
from indmech_bench.problem.engine.kernels.compiling import FUSED


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


def warm(jobs: Sequence[Job]) -> None:
    """Have the kernel ready, and the null of a task of the package drawn, before a fork: children inherit both."""
    from indmech_bench.problem.engine.kernels.preparation import prepare
    from indmech_bench.registry.catalogue import Catalogue
    from indmech_bench.registry.registration import live
    from indmech_bench.scm.genericity import prior_null
    from indmech_bench.scm.models.base import is_null_on_request

    for precision in {job["precision"] for job in jobs if job["training"] == FUSED}:
        prepare(precision)
    entry = Catalogue.read().find("task", jobs[0]["task"])
    if entry.module.startswith("indmech_bench."):
        model = live(entry)(**jobs[0]["task_settings"]).model
        if not is_null_on_request(model):
            prior_null(model)
