"""What methods that unmix samples share: a library's mixing matrices, and the problem's parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from indmech_bench import Array, LinearCascade, LinearEnvironments, Problem, Solution, UnsupportedError


def unmixed(problem: Problem, mixing: Callable[[Array, Array], Array]) -> Solution:
    """The solution whose sources mix as a library says: B its unit columns, their norms the sources' strengths.

    Raises UnsupportedError for all but samples of a linear model of one environment.

    Args:
        problem: of R replicates.
        mixing: samples (N, d) of mean 0 and a random start (d, d) -> the mixing matrix (d, d).
    """
    model = problem.model
    several = isinstance(model, LinearEnvironments) and model.environments > 1
    if not isinstance(model, LinearCascade | LinearEnvironments) or several or problem.kind != "samples":
        raise UnsupportedError("independent component analysis unmixes samples of a linear model only")
    starts = problem.randn("unmixing", model.d, model.d).double().numpy()
    shown = problem.observations.double().numpy()
    rows = [
        mixing(row, start) if np.isfinite(row).all() else np.full(start.shape, np.nan)
        for row, start in zip(shown, starts, strict=True)
    ]
    M = torch.from_numpy(np.stack(rows)).to(problem.dtype)
    norms = M.norm(dim=-2)
    strengths = {"a1": norms} if isinstance(model, LinearEnvironments) else {"A": torch.diag_embed(norms)}
    return problem.solution({**strengths, "B": M / norms.unsqueeze(-2)})


def with_mirror_image(samples: Array) -> Array:
    """Samples and their negatives, (2 N, d): the law has mean 0, and libraries would take out the samples' own mean."""
    return np.concatenate([samples, -samples])
