"""The two ways of training, side by side: the tasks that both know, and how far apart they are."""

from __future__ import annotations

import torch
from draws import problem_of
from torch import Tensor

from indmech_bench import Objective
from indmech_bench.problem.problem import Problem
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.scm.parameters import Parameters

PLAIN_TASKS = (
    "ica-",
    "linear-",
    "channels-",
    "concentration-1024",
    "concentration-4096",
    "toy-faces",
    "fluo-faces",
    "toy-vae",
    "real-",
    "digits-",
    "faces-",
    "textures-",
)
"""Beginnings of tasks that the engine does not know, or that are too large for it: they take the plain way."""
KERNELS = [entry.name for entry in Catalogue.read().of_kind("task") if not entry.name.startswith(PLAIN_TASKS)]
MODES = ("impulse", "spectrum", "samples")
MORE = [
    *(f"{name}:observation={mode}" for name in ("deep-5-k3", "environments-4", "full-cascade-large") for mode in MODES),
    "fork:observation=samples",
    "eyes-independent:observation=spectrum",
    "eyes-independent:observation=samples",
]
OBJECTIVES = {
    "fit": Objective(),
    "penalty": Objective(independence=0.3),
    "ratio": Objective(fit=0.0, independence=1.0),
    "intervened": Objective(independence=0.3, ratios="intervened", target=0.2, tolerance=0.05),
    "decay": Objective(decay=0.1),
    "multipliers": Objective(independence=0.5, multipliers=7),
}


def both_ways(task: str, replicates: int = 4) -> tuple[Problem, Problem]:
    """The same problem, fused and plain."""
    fused, plain = (problem_of(task, range(replicates), training=way) for way in ("fused", "plain"))
    assert fused.engine is not None
    assert plain.engine is None
    return fused, plain


def flat(parameters: Parameters) -> Tensor:
    return torch.cat([value.detach().flatten() for value in parameters.values()])


def relative(found: Tensor, wanted: Tensor) -> float:
    """Largest difference relative to the largest number."""
    return float((found - wanted).abs().max() / wanted.abs().max())


def compare_gradients(fused: Problem, plain: Problem, objective: Objective, point: Parameters, name: str = "") -> None:
    """Value and gradient of an objective agree to 1e-10."""
    leaves = {name: value.clone().requires_grad_() for name, value in point.items()}
    held = torch.full((), 0.0)
    if objective.multipliers:
        held = torch.linspace(-1, 1, plain.log_generic_ratios(point).numel()).reshape_as(
            plain.log_generic_ratios(point)
        )
    value = objective.value(plain, leaves, multipliers=held)
    value.sum().backward()
    assert fused.engine is not None
    found, gradient = fused.engine.objective(objective, point, held if objective.multipliers else None)
    assert relative(found, value.detach()) < 1e-10, name
    assert relative(flat(gradient), torch.cat([leaves[k].grad.flatten() for k in gradient])) < 1e-10, name
