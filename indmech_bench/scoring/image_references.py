"""References of image generators alone."""

from __future__ import annotations

from torch import Tensor

from indmech_bench.problem.problem import Problem
from indmech_bench.problem.solution import Solution
from indmech_bench.registry.registration import register_reference
from indmech_bench.scm.images.colours import SEEN_HUES, repainted
from indmech_bench.scm.images.faces import push_forward
from indmech_bench.scm.images.pushing import resized
from indmech_bench.scm.interventions import Intervention, Recolour
from indmech_bench.scoring.references import observed_law
from indmech_bench.tasks.truth import Truth


@register_reference("pixel-resize", families=("toy-faces", "toy-vae", "real-layout"))
def pixel_resize(problem: Problem, truth: Truth) -> Solution:
    """Resizes the picture in place of its layout: pixels resampled about the centre, shapes stretched along."""
    observed = observed_law(truth)
    return Solution(lambda g: resized(observed, push_forward(g)))


@register_reference("pixel-recolour", families=("fluo-faces",))
def pixel_recolour(problem: Problem, truth: Truth) -> Solution:
    """Edits pixels: those of the hues that the part has in training images take the new hue; stretches resize them.

    Knows which hues the part has, as somebody with a program for pictures does.
    """
    observed = observed_law(truth)

    def law(g: Intervention) -> Tensor:
        if isinstance(g, Recolour):
            return repainted(observed, g.hue, SEEN_HUES[g.part])
        return resized(observed, push_forward(g))

    return Solution(law)
