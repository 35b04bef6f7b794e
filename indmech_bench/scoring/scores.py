"""The metrics of a solution against its truth, for all replicates at once, always in float64."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from indmech_bench.problem.solution import Solution
from indmech_bench.scoring import formulas
from indmech_bench.scoring.evaluation import Evaluation, Transfer, Use
from indmech_bench.scoring.metrics import BY_NAME
from indmech_bench.tasks.truth import Truth


def score(
    truth: Truth,
    solution: Solution,
    transfer: Transfer | None = None,
    names: Sequence[str] = (),
    use: Use | None = None,
) -> dict[str, Tensor]:
    """Metric name -> (R,) float64; where a replicate's solution is not finite NaN, and 0 for `identified` and `exact`.

    A metric that needs what is not there has no key: parameters of a solution without, what the task's interventions
    do not define.

    Args:
        truth: of R replicates.
        solution: of the same.
        transfer: how the task tries a solution in a further environment.
        names: the metrics wanted; all by default.
        use: how the task teaches a classifier by a solution's extrapolated samples.
    """
    evaluation = Evaluation(truth, solution, transfer, use)
    wanted = [BY_NAME[name] for name in names or BY_NAME]
    return {
        metric.name: getattr(formulas, metric.name)(evaluation)
        for metric in wanted
        if all(map(evaluation.has, metric.needs))
    }
