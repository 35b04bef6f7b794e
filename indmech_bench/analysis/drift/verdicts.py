"""What a regime says of the two expectations, from intervals alone, and a sentence of it.

The paper: stochastic training leads away from the truth at a good fit. docs/drift.md: it leads to balance, where log
rho is the largest of any solution. Both are said relative to the full-batch control, which shares all but the noise.
"""

from __future__ import annotations

from typing import Literal

from indmech_bench.analysis.drift.course import Course, Interval
from indmech_bench.scoring.metrics import IDENTIFIED_ERROR
from indmech_bench.text.numbers import pvalue

FITS = 0.01
"""Above this fit error training does not fit at its end."""
LEFT = 0.1
"""Above this fit error on the way training has left the data, a tenth of the power: noise alone makes less."""
LEAVES = IDENTIFIED_ERROR
"""e must exceed the control's by this before noise is said to lead away from the truth."""
RISES = 0.01
"""log rho must exceed the control's by this before noise is said to lead towards balance."""
ARRIVED = 0.9
"""From this share of the way to the largest log rho on, balance is reached."""

Answer = Literal["yes", "no", "open"]
VERDICTS = {
    ("yes", "yes"): "both",
    ("yes", "no"): "paper",
    ("no", "yes"): "balance",
    ("no", "no"): "neither",
}
MEANING = {
    "control": "no noise: what others are compared with",
    "alone": "undecided, since the folder holds no full-batch control of it",
    "unstable": "steps too long: training leaves the data, which is instability, not drift",
    "both": "bears out both: noise leads away from the truth at a fit, and that is towards balance",
    "paper": "bears out the paper's sentence, not balance: noise leads away from the truth at a fit, and elsewhere",
    "balance": "bears out balance, not the paper's sentence",
    "neither": "bears out neither: noise does what the control does",
    "undecided": "an interval holds its threshold",
}
"""What a verdict says."""


def beyond(interval: Interval | None, threshold: float) -> Answer:
    """Whether an interval lies above a threshold, at or below it, or holds it."""
    if interval is None or interval[0] <= threshold < interval[1]:
        return "open"
    return "yes" if interval[0] > threshold else "no"


def verdict(course: Course) -> str:
    """A word of MEANING."""
    left = {beyond(course.worst.fit_error.interval, LEFT), beyond(course.end.fit_error.interval, FITS)}
    if "yes" in left:
        return "unstable"
    if not course.stochastic:
        return "control"
    if course.against is None:
        return "alone"
    answers = beyond(course.against.error.interval, LEAVES), beyond(course.against.ratio.interval, RISES)
    return "undecided" if "open" in left else VERDICTS.get(answers, "undecided")


def sentence(course: Course) -> str:
    """What was found, from the intervals alone."""
    said = [f"{_where(course)}; {_direction(course)}"]
    if course.against is not None:
        against = course.against
        said.append(
            f"against the full batch e differs by {against.error} (p {pvalue(against.p_error)}), "
            f"log rho by {against.ratio} (p {pvalue(against.p_ratio)})"
        )
    return f"{'; '.join(said)}: {MEANING[verdict(course)]}."


def _where(course: Course) -> str:
    end, worst = course.end, course.worst
    error = f"e {end.extrapolation_error}, fit {end.fit_error} after {end.step} steps"
    fits = beyond(end.fit_error.interval, FITS)
    if fits == "yes":
        return f"leaves the data (fit {worst.fit_error} at step {worst.step}; {error})"
    if beyond(worst.fit_error.interval, LEFT) == "yes":
        back = "comes back to a fit" if fits == "no" else "may come back to a fit"
        return f"leaves the data (fit {worst.fit_error} at step {worst.step}) and {back} ({error})"
    leaves = beyond(end.extrapolation_error.interval, IDENTIFIED_ERROR)
    what = {"yes": "leaves the truth at a fit", "no": "stays at the truth", "open": "may leave the truth"}[leaves]
    return f"{what} ({error})"


def _direction(course: Course) -> str:
    """Where log rho went."""
    up, down = beyond(course.change.interval, 0), course.change.interval is not None and course.change.interval[1] < 0
    word = "rises" if up == "yes" else "falls" if down else "does not move measurably"
    share = f", in {course.rises} of replicates upwards" if course.rises.value is not None else ""
    found = f"log rho {word} (by {course.change}{share}"
    if course.way.value is not None and beyond(course.end.fit_error.interval, FITS) == "no":
        reached = " and has reached it" if beyond(course.way.interval, ARRIVED) == "yes" else ""
        found += f"; {course.way} of the way to its largest{reached}"
    independence = {"yes": "away from independence", "no": "not away from independence", "open": ""}
    told = independence[beyond(course.away.interval, 0)]
    return f"{found}{', ' + told if told else ''})"
