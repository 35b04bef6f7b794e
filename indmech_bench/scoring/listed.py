"""What rows of some tasks hold beside metrics: errors one by one, and pictures."""

from __future__ import annotations

from torch import Tensor

from indmech_bench.problem.solution import Solution
from indmech_bench.scm.images.faces import FacesModel
from indmech_bench.scm.interventions import Family, Intervention
from indmech_bench.tasks.truth import Truth

PICTURED = 4
"""How many outputs of a replicate are kept as pictures."""


def errors_by_intervention(truth: Truth, solution: Solution) -> dict[str, Tensor]:
    """e of each listed intervention alone, D(P_g, P*_g) / D(P*, P*_g): name -> (R,). Empty where none is listed."""
    if not truth.family.listed:
        return {}
    space, true = truth.model.geometry, truth.model.laws(truth.parameters)
    observed = true(truth.family.identity)
    laws = ((name, solution.law(g), true(g)) for name, g in truth.family.listed)
    return {name: space.divergence(law, aim) / space.divergence(observed, aim) for name, law, aim in laws}


def pictures(truth: Truth, solution: Solution, row: int) -> dict[str, Tensor]:
    """Pictures of a replicate by the solution, (faces, h, w) for `observed` and each listed intervention.

    Whole faces, the first PICTURED. Empty where laws are no images.
    """
    model, family = truth.model, truth.family
    if not isinstance(model, FacesModel):
        return {}
    return {name: model.pictures(solution.law(g))[row, :PICTURED] for name, g in _shown(family)}


def _shown(family: Family) -> tuple[tuple[str, Intervention], ...]:
    return (("observed", family.identity), *family.listed)
