"""What was found, in three generated sentences, each resting on the paired test that tables use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indmech_bench.analysis.drift.reading import courses
from indmech_bench.analysis.drift.verdicts import MEANING, verdict
from indmech_bench.analysis.view import Pair, covering, score_of
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.report.evidence import Evidence, commas
from indmech_bench.results.row_fields import TaskRow
from indmech_bench.results.statuses import Status
from indmech_bench.statistics.significance import differences, holm, signed_rank_pvalue, tied_ranks
from indmech_bench.text.numbers import pvalue

LEVEL = 0.05
SIMPLE = ("best-constant", "white", "no-intervention")
"""Predictors that do not react to interventions, the best first."""
INDEPENDENCE = "independence"


@dataclass(frozen=True)
class Paired:
    """Scores of a method against another's on the same (task, seed) pairs.

    direction: 1 where the ranked differences favour the first, -1 the other, 0 neither. p: Wilcoxon's signed ranks,
    two-sided, corrected by Holm over the comparisons of a sentence.
    """

    method: str
    other: str
    better: int
    worse: int
    ties: int
    direction: int
    p: float

    @property
    def verdict(self) -> int:
        """Its direction where the two are told apart, else 0."""
        return self.direction if self.p < LEVEL else 0


def paired(
    methods: Sequence[tuple[str, dict[Pair, TaskRow]]], others: Sequence[tuple[str, dict[Pair, TaskRow]]]
) -> list[Paired]:
    """Each method against the other beside it, on the pairs that both have; corrected together."""
    found = []
    for (method, rows), (other, against) in zip(methods, others, strict=True):
        shared = [pair for pair in rows if pair in against]
        moved = differences([score_of(against[pair]) for pair in shared], [score_of(rows[pair]) for pair in shared])
        signed = float((np.sign(moved) * tied_ranks(np.abs(moved)))[moved != 0].sum())
        better, worse = int((moved > 0).sum()), int((moved < 0).sum())
        counts = better, worse, len(shared) - better - worse
        found.append(Paired(method, other, *counts, int(np.sign(signed)), signed_rank_pvalue(moved)))
    corrected = holm([one.p for one in found])
    return [Paired(*_but_p(one), p) for one, p in zip(found, corrected, strict=True)]


def _but_p(one: Paired) -> tuple[str, str, int, int, int, int]:
    return one.method, one.other, one.better, one.worse, one.ties, one.direction


def findings(evidence: Evidence) -> list[str]:
    """Up to three sentences, names between `; one that says why where nothing can be said."""
    if not evidence.rows:
        return _of_drift(evidence)
    rows = [row for row in evidence.rows if not row["control"]]
    if not rows:
        return [
            "All tasks are controls, whose truths were drawn or built to have a given ρ: they say whether a method "
            "does what it is built for, and no method is ranked."
        ]
    methods = covering(rows)
    names = sorted(methods, key=lambda name: evidence.order[name])
    if not names:
        return ["No method was tried on all (task, seed) pairs that count, so that none is ranked."]
    return [_first(evidence, names, methods), _independence(names, methods), _simple(rows, names, methods)]


def _first(evidence: Evidence, names: Sequence[str], methods: dict[str, dict[Pair, TaskRow]]) -> str:
    best, others = names[0], names[1:]
    line = next(line for line in evidence.board.lines if line.name == best and not line.reference)
    tasks = len(evidence.tasks) - len(evidence.controls)
    interval = line.score_interval
    score = f"{line.score:.3f}" + (f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else "")
    where = f"on {len(methods[best]):,} (task, seed) pairs of {_count(tasks, 'task')}"
    said = f"`{best}` has the best score of {_count(len(names), 'ranked method')}, {score}, {where}"
    if not others:
        return f"{said}; there is no other to compare it with."
    against = paired([(best, methods[best])] * len(others), [(name, methods[name]) for name in others])
    tied, beaten, ahead = ([one for one in against if one.verdict == sign] for sign in (0, 1, -1))
    parts = []
    if tied:
        parts.append(f"paired by seed it ties with {_named([one.other for one in tied])}")
    if beaten:
        most = pvalue(max(one.p for one in beaten))
        which = "all others" if not (tied or ahead) else _named([one.other for one in beaten])
        parts.append(f"{'' if tied else 'paired by seed it '}scores more than {which} (p ≤ {most})")
    if ahead:
        most = pvalue(max(one.p for one in ahead))
        parts.append(f"but on most pairs less than {_named([one.other for one in ahead])} (p ≤ {most})")
    return f"{said}; {' and '.join(parts[:2])}{', ' + parts[2] if len(parts) > 2 else ''}."


def _independence(names: Sequence[str], methods: dict[str, dict[Pair, TaskRow]]) -> str:
    """The best method that relies on independence alone against the best that does not use it."""
    approaches = {entry.name: entry.facts.get("approach", "") for entry in Catalogue.read().of_kind("method")}
    of = {name: approaches.get(next(iter(methods[name].values()))["method"], "") for name in names}
    with_it = next((name for name in names if of[name] == INDEPENDENCE), None)
    without = next((name for name in names if of[name] and INDEPENDENCE not in of[name]), None)
    if with_it is None or without is None:
        lacking = "relies on independence alone" if with_it is None else "does without independence"
        return f"No ranked method {lacking}, so that nothing is said of what independence is worth."
    (one,) = paired([(with_it, methods[with_it])], [(without, methods[without])])
    result = {
        1: "scores more than",
        -1: "scores less than",
        0: "ties with",
    }[one.verdict]
    return (
        f"Of methods that rely on independence alone `{with_it}` ranks highest; paired by seed it {result} "
        f"`{without}`, the highest that does without ({_counts(one)}). Both were chosen on these seeds."
    )


def _simple(rows: Sequence[TaskRow], names: Sequence[str], methods: dict[str, dict[Pair, TaskRow]]) -> str:
    """How many methods beat a predictor that ignores interventions."""
    for simple in SIMPLE:
        known = {
            (row["task_label"], row["seed"]): row
            for row in rows
            if row["method"] == simple and row["reference"] and row["status"] != Status.SKIPPED
        }
        if known:
            break
    else:
        return "No predictor that ignores interventions was run beside: nothing is said of whether methods beat one."
    against = paired([(name, methods[name]) for name in names], [(simple, known)] * len(names))
    more, tie, less = ([one.method for one in against if one.verdict == sign] for sign in (1, 0, -1))
    told = [
        f"{_named(some)} {'scores' if len(some) == 1 else 'score'} {word}"
        for some, word in ((more, "more"), (less, "less"))
        if some
    ]
    if tie:
        told.append(f"{_named(tie)} {'ties' if len(tie) == 1 else 'tie'}")
    about = {
        "best-constant": "the best prediction that ignores the intervention, which knows the truth",
        "white": "white noise of the observed power",
        "no-intervention": "the observed law",
    }[simple]
    return f"Against `{simple}`, {about}, {'; '.join(told)} (paired by seed, p < {LEVEL} or a tie)."


def _of_drift(evidence: Evidence) -> list[str]:
    found = [course for place in evidence.places for course in courses(place)]
    said = [verdict(course) for course in found]
    return [
        f"Training from the truth, {said.count(word)} of {_count(len(said), 'regime')}: {MEANING[word]}."
        for word in dict.fromkeys(said)
    ]


def _named(names: Sequence[str], most: int = 4) -> str:
    """All of a few names; of many how many there are, and the first."""
    quoted = [f"`{name}`" for name in names]
    if len(names) <= most:
        return commas(quoted)
    return f"{len(names)} methods ({', '.join(quoted[: most - 1])}, …)"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _counts(one: Paired) -> str:
    total = one.better + one.worse + one.ties
    counts = f"more on {one.better:,} of {total:,} pairs, less on {one.worse:,}, the same on {one.ties:,}"
    return f"{counts}; p = {pvalue(one.p)}"
