"""A few numbers of every task, to notice when code that should not change results does.

`PYTHONPATH=tests python tests/support/fingerprints.py --write` writes them to fingerprints.json; without `--write` it
prints what differs. A task whose numbers change on purpose gets a higher `version`; when numbers of many change, ENGINE
in registry/identity.py goes up.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import torch
from draws import task_and_job
from torch import Tensor

from indmech_bench import AdamRule, Objective, Phase, train
from indmech_bench.harness.replicates import draw_truth, pose_problem
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.scoring.references import best_constant, white
from indmech_bench.scoring.scores import score

FILE = Path(__file__).with_suffix(".json")
SEEDS = (0, 1)
RELATIVE, ABSOLUTE = 1e-5, 1e-9


def rounded(values: Tensor) -> list[float]:
    """Six significant digits."""
    return [float(f"{value:.6g}") if abs(value) > ABSOLUTE else 0.0 for value in values.flatten().tolist()]


def fingerprint(name: str) -> dict[str, Any]:
    """The task's version and its numbers, one list each."""
    task, job = task_and_job(name, SEEDS, salt="")
    truth, problem = draw_truth(job, task), pose_problem(job, task)
    with torch.no_grad():
        start_loss = problem.loss(problem.start())
    trained = train(problem, problem.start(), Phase(Objective(), AdamRule(0.01)), 20)
    with torch.no_grad():
        trained_loss = problem.loss(trained)
    return {
        "version": job["task_version"],
        "parameters": rounded(torch.stack([value.flatten(1)[:, 0] for value in truth.parameters.values()])),
        "observations": rounded(problem.observations.abs().flatten(1).sum(1)),
        "log_generic_ratio": rounded(
            truth.model.log_generic_ratio(truth.parameters if task.mechanisms_known else problem.start())
        ),
        "start_loss": rounded(start_loss),
        "trained_loss": rounded(trained_loss),
        # the barycentre of singular covariances hangs on the last bits of eigenvalues
        **(
            {"best_constant_error": rounded(score(truth, best_constant(problem, truth))["extrapolation_error"])}
            if task.mechanisms_known
            else {"white_error": rounded(score(truth, white(problem, truth))["extrapolation_error"])}
        ),
    }


def committed() -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = json.loads(FILE.read_text())
    return made


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What differs, a line each."""
    lines = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
            pairs = zip(before, after, strict=True)
            same = all(math.isclose(a, b, rel_tol=RELATIVE, abs_tol=ABSOLUTE) for a, b in pairs)
        else:
            same = before == after
        if not same:
            lines.append(f"{key}: {before} -> {after}")
    return lines


def main() -> None:
    names = [entry.name for entry in Catalogue.read().of_kind("task")]
    made = {name: fingerprint(name) for name in names}
    if "--write" in sys.argv[1:]:
        lines = [f"  {json.dumps(name)}: {json.dumps(made[name])}" for name in names]
        FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
        return
    for name in names:
        for line in differences(committed().get(name, {}), made[name]):
            print(f"{name}  {line}")


if __name__ == "__main__":
    main()
