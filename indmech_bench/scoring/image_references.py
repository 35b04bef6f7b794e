"""References of image generators alone."""

from __future__ import annotations

from indmech_bench.problem.problem import Problem
from indmech_bench.problem.solution import Solution
from indmech_bench.registry.registration import register_reference
from indmech_bench.scm.images.faces import push_forward
from indmech_bench.scm.images.pushing import resized
from indmech_bench.scoring.references import observed_law
from indmech_bench.tasks.truth import Truth


@register_reference("pixel-resize", families=("toy-faces", "real-layout"))
def pixel_resize(problem: Problem, truth: Truth) -> Solution:
    """Resizes the picture in place of its layout: pixels resampled about the centre, shapes stretched along."""
    observed = observed_law(truth)
    return Solution(lambda g: resized(observed, push_forward(g)))
