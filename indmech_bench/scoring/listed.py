"""What is kept of some tasks beside metrics: errors one by one, pictures, all solutions of a truth, and its null."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from indmech_bench.errors import UnsupportedError
from indmech_bench.problem.solution import Solution
from indmech_bench.scm.generators.model import IMAGES, GeneratorModel
from indmech_bench.scm.genericity import prior_null
from indmech_bench.scm.images.faces import FacesModel
from indmech_bench.scm.images.latent import LatentFaces
from indmech_bench.scm.interventions import Family, Intervention
from indmech_bench.scm.solution_lists import HELD
from indmech_bench.scoring.evaluation import Evaluation
from indmech_bench.scoring.metrics import NULL_BAND, RARE
from indmech_bench.scoring.scores import score
from indmech_bench.tasks.truth import Truth

PICTURED = 4
"""How many outputs of a replicate are kept as pictures."""
OF_SOLUTIONS = ("log_generic_ratio", "extrapolation_error")
"""Metrics that are kept of every solution. At a perfect fit the norm says no more: it falls as log rho grows."""


def errors_by_intervention(truth: Truth, solution: Solution) -> dict[str, Tensor]:
    """e of each listed intervention alone, D(P_g, P*_g) / D(P*, P*_g): name -> (R,). Empty where none is listed."""
    if not truth.family.listed:
        return {}
    space, true, law = truth.model.geometry, truth.model.laws(truth.parameters), Evaluation(truth, solution).law
    observed = true(truth.family.identity)
    laws = ((name, law(g), true(g)) for name, g in truth.family.listed)
    return {name: space.divergence(law, aim) / space.divergence(observed, aim) for name, law, aim in laws}


def pictures(truth: Truth, solution: Solution, row: int) -> dict[str, Tensor]:
    """Pictures of a replicate by the solution, (faces, [3,] h, w) for `observed` and each listed intervention.

    Whole faces, PICTURED at most. Empty where laws are no images.
    """
    model, family = truth.model, truth.family
    if isinstance(model, GeneratorModel):
        parameters = solution.parameters
        if parameters is None:
            return {}
        shown = {**parameters, IMAGES: truth.parameters[IMAGES][:, :PICTURED]}
        return {name: model.samples(shown, g)[row, :PICTURED] for name, g in _shown(family)}
    if not isinstance(model, FacesModel | LatentFaces):
        return {}
    return {name: model.pictures(solution.law(g))[row, :PICTURED] for name, g in _shown(family)}


def solution_set(truth: Truth, row: int) -> dict[str, Tensor]:
    """OF_SOLUTIONS of each solution of a replicate, `solutions.<metric>` -> (S,).

    Empty where its solutions cannot be listed, or where there are more than are held at a time.
    """
    try:
        composite = [*truth.composites()][row]
        listed = truth.listed(composite)
    except UnsupportedError:
        return {}
    if len(listed) > HELD:
        return {}
    pairs = truth.kernels_of(listed)
    true = {name: value[row].expand(len(listed), -1) for name, value in truth.parameters.items()}
    alike = replace(truth, parameters=true)
    found = score(alike, Solution(truth.model.laws(pairs), pairs), names=OF_SOLUTIONS)
    return {f"solutions.{name}": values for name, values in found.items()}


def null_band(truth: Truth) -> dict[str, Tensor]:
    """The log rho between which the null of `ratio_pvalue` has p >= RARE, NULL_BAND -> (2,): 95 % of its draws."""
    bound = prior_null(truth.model).bound(RARE)
    return {NULL_BAND: torch.stack([-bound, bound])}


def _shown(family: Family) -> tuple[tuple[str, Intervention], ...]:
    return (("observed", family.identity), *family.listed)
