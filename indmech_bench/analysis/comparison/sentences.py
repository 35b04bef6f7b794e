"""What was found in a comparison, in words."""

from __future__ import annotations

from collections.abc import Sequence

from indmech_bench.analysis.comparison.compared import FAMILYWISE, Compared


def how(lines: Sequence[Compared]) -> list[str]:
    """Which tests were used."""
    unpaired = [line for line in lines if not line.paired]
    said = []
    if unpaired:
        which = "all lines" if len(unpaired) == len(lines) else f"{len(unpaired)} of {len(lines)} lines"
        said.append(
            f"unpaired, since no seed is shared: {which} (Mann-Whitney for score, Fisher for identified; difference of "
            "medians, bootstrap interval)"
        )
    if len(unpaired) < len(lines):
        said.append(
            "paired on shared seeds: Wilcoxon signed ranks of score = 1/(1+e), a failure 0, beside them a sign test on "
            "better and worse; median difference of scores, interval by order statistics"
        )
    return said


def found(lines: Sequence[Compared]) -> list[str]:
    """Which lines differ, and which fail more."""
    level = f"family-wise {100 * FAMILYWISE:g} %"
    if not lines:
        return ["nothing was compared: A and B have no task and method in common"]
    differing = [line for line in lines if line.score_differs or line.identified_differs]
    said = [f"{line.method} on {line.task}: {_way(line)}" for line in differing] or [
        f"no difference at {level}, Holm over {2 * len(lines)} tests"
    ]
    if differing:
        said.insert(0, f"{len(differing)} of {len(lines)} lines differ at {level}, Holm over {2 * len(lines)} tests:")
    said += [
        f"{line.method} on {line.task}: fails more, {line.failed_a} of {line.n_a} -> {line.failed_b} of {line.n_b}"
        for line in lines
        if line.fails_more
    ]
    return said


def _way(line: Compared) -> str:
    said = []
    if line.score_differs:
        said.append(f"scores are {'higher' if line.direction > 0 else 'lower'} in B")
    if line.identified_differs:
        said.append(f"{'fewer' if line.identified_b < line.identified_a else 'more'} are identified in B")
    return ", ".join(said)
