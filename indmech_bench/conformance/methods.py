"""The checks of a method that runs: each is a function of one method on one task.

What no check can see: work that is never charged (calls inside `prepaid(0)`, arithmetic of the method's own); numbers
from a generator of the method's own that are mixed with those of `problem.randn`; an intent to deceive.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from indmech_bench.conformance.findings import CheckFailedError
from indmech_bench.conformance.scan import draws, mixes
from indmech_bench.conformance.trials import Bench, difference, same_bits
from indmech_bench.harness.batches import is_batched, is_row_exact
from indmech_bench.results.statuses import Status

SEED, OTHER = 3, 4
AMONG, LAST, THREE = (0, 1, 2, 3, 4), (14, 15, 3), (0, 1, 2)


def shapes(bench: Bench) -> str | None:
    """`fit` gives back parameters, or laws, and details of the right shapes; or says that it cannot work here."""
    trial = bench.trial(AMONG)
    if trial.wrong_shapes:
        raise CheckFailedError(
            f"on {bench.task.label}, {len(AMONG)} replicates: {trial.wrong_shapes}",
            "end with `return problem.solution(parameters)`, shapes (R, *problem.shapes[name]), one number a detail",
        )
    return None


def runs(bench: Bench) -> str | None:
    """`fit` comes to an end."""
    for seeds in ((SEED,), AMONG):
        trial = bench.trial(seeds)
        if trial.status == Status.SKIPPED:
            return f"skips {bench.task.label}: {trial.reason}"
        if trial.status != Status.OK and not trial.wrong_shapes:
            raise CheckFailedError(
                f"on {bench.task.label}, seeds {seeds}: {trial.status}: {trial.reason}",
                "mend it, or raise indmech_bench.UnsupportedError where the method cannot work",
            )
    return None


def finite(bench: Bench) -> str | None:
    """Some solutions are finite; the rows of the others will say `nonfinite`."""
    rows = bench.working(AMONG).rows
    bad = [seed for seed, row in rows.items() if not all(bool(v.isfinite().all()) for v in _parameters(row))]
    if len(bad) == len(rows):
        raise CheckFailedError(
            f"on {bench.task.label} no solution of seeds {AMONG} is finite", "smaller steps, or a clip a replicate"
        )
    return f"{bench.task.label}: seeds {bad} are not finite" if bad else None


def _parameters(row: dict[str, Any]) -> list[Any]:
    return [value for name, value in row.items() if not name.startswith("detail ")]


def repeat(bench: Bench) -> None:
    """The same seed twice gives the same bits."""
    first, second = bench.working((SEED,)).rows[SEED], bench.run((SEED,)).rows.get(SEED)
    if second is None or not same_bits(first, second):
        seen = "one run ended, the other not" if second is None else difference(first, second)
        raise CheckFailedError(
            f"on {bench.task.label} seed {SEED} twice gives two results ({seen})",
            "no clocks, addresses, sets in their order, or state kept between calls of fit",
        )


def global_rng(bench: Bench) -> None:
    """The generators of torch, numpy and random are neither moved nor used."""
    first = bench.working((SEED,))
    if first.touched:
        first = bench.run((SEED,))  # what the first call imports may have drawn numbers: that is no fault of it
    other = bench.working((SEED,), globals_seed=2)
    if not same_bits(first.rows[SEED], other.rows[SEED]):
        raise CheckFailedError(
            f"on {bench.task.label} the result depends on the process's random state "
            f"({', '.join(first.touched) or 'read'}): {difference(first.rows[SEED], other.rows[SEED])}",
            "draw every random number by problem.randn(stream, *shape), minibatches by problem.minibatches",
        )
    if first.touched:
        raise CheckFailedError(
            f"on {bench.task.label} fit moves the process's generator of {', '.join(first.touched)}",
            "seed or use a generator of your own, itself seeded by problem.randn(stream, *shape)",
        )


def seeds(bench: Bench) -> str | None:
    """Random numbers, if any, are those of the seed: no generator of the method's own that every seed shares."""
    own = bench.working((SEED,)).rows[SEED]
    other = bench.working((SEED,), draws_of=(OTHER,)).rows[SEED]
    if not same_bits(own, other):
        return None
    found = draws(bench.method.entry)
    if found:
        raise CheckFailedError(
            f"on {bench.task.label} the result is the same with another seed's random numbers, yet numbers are drawn: "
            f"{', '.join(found[:3])}",
            "ignores the seed: draw by problem.randn(stream, *shape), or seed your generator by it",
        )
    return f"{bench.task.label}: a function of the observation alone, no random numbers"


def observation(bench: Bench) -> None:
    """The result depends on what is observed."""
    own = bench.working((SEED,)).rows[SEED]
    other = bench.working((OTHER,), draws_of=(SEED,)).rows[OTHER]
    if same_bits(own, other):
        raise CheckFailedError(
            f"on {bench.task.label} two observations get the same parameters",
            "ignores the observation: fit problem.observations, or minimise problem.loss",
        )


def batch(bench: Bench) -> None:
    """A row is the same bits alone, among 5 and last of 3."""
    alone = bench.working((SEED,))
    for name, batch_seeds in (("among 5", AMONG), ("last of 3", LAST)):
        beside = bench.working(batch_seeds)
        if not same_bits(alone.rows[SEED], beside.rows[SEED]) or alone.spent[SEED] != beside.spent[SEED]:
            found = mixes(bench.method.entry)
            cause = f"; {', '.join(found[:3])} mixes replicates" if found else ""
            raise CheckFailedError(
                f"on {bench.task.label} seed {SEED} alone and {name} differ: "
                f"{difference(alone.rows[SEED], beside.rows[SEED])}{cause}",
                "the rows depend on their batch: no clipping, mean, schedule or product over replicates (clip by "
                "Phase(clip=...)); or say batched: ClassVar[bool] = False, or row_exact",
            )


def containment(bench: Bench) -> str | None:
    """A NaN observation leaves its neighbours as they are."""
    if not is_batched(bench.method.entry.facts):
        return "one replicate at a time: nothing to contain"
    clean = bench.working(THREE)
    poisoned = bench.trial(THREE, poisoned=1)
    change = "a NaN must stay in its own replicate: no any()/all()/max() over replicates, solve_ex instead of solve"
    if poisoned.status != Status.OK:
        raise CheckFailedError(
            f"on {bench.task.label} a NaN observation of one replicate ends all: {poisoned.status}: {poisoned.reason}",
            change,
        )
    for seed in (THREE[0], THREE[2]):
        row = poisoned.rows[seed]
        spoilt = not all(bool(value.isfinite().all()) for value in _parameters(row))
        if spoilt or (is_row_exact(bench.method.entry.facts) and not same_bits(row, clean.rows[seed])):
            raise CheckFailedError(
                f"on {bench.task.label} a NaN observation of seed {THREE[1]} changes seed {seed} beside it: "
                f"{difference(row, clean.rows[seed])}",
                change,
            )
    return None


def unchanged(bench: Bench) -> None:
    """`fit` leaves the observations as they are."""
    if bench.trial((SEED,)).changed_problem or bench.trial(AMONG).changed_problem:
        raise CheckFailedError(
            f"on {bench.task.label} problem.observations is another after fit", "clone() before changing in place"
        )


def budget(bench: Bench) -> str | None:
    """What a run says it spends is enough for it, and a budget of one unit ends it."""
    plain = bench.working((SEED,))
    spent = plain.spent[SEED]
    if plain.refunds or not math.isfinite(spent):
        raise CheckFailedError(
            f"on {bench.task.label} problem.spend is given negative or infinite units", "charge what is computed"
        )
    if spent == 0:
        return f"{bench.task.label}: nothing is charged; uncharged work cannot be seen"
    enough = bench.trial((SEED,), budget=spent)
    if enough.status != Status.OK:
        raise CheckFailedError(
            f"on {bench.task.label} a run that spends {spent:,.0f} units ends within that budget as {enough.status}: "
            f"{enough.reason}",
            "charge the same whatever the budget is",
        )
    if spent <= 1:
        return None
    little = bench.trial((SEED,), budget=1.0)
    if little.late > 1:
        raise CheckFailedError(
            f"on {bench.task.label} a budget of 1 unit is overrun: {little.late} more calls of the model after "
            f"BudgetExceededError",
            "over budget: let BudgetExceededError pass, or return what there is while problem.remaining lasts",
        )
    if little.status not in (Status.OK, Status.BUDGET):
        raise CheckFailedError(
            f"on {bench.task.label} a budget of 1 unit ends as {little.status}: {little.reason}",
            "let BudgetExceededError pass",
        )
    return None


CHECKS: dict[str, Callable[[Bench], str | None]] = {
    "runs": runs,
    "shapes": shapes,
    "finite": finite,
    "unchanged": unchanged,
    "repeat": repeat,
    "global-rng": global_rng,
    "seeds": seeds,
    "observation": observation,
    "batch": batch,
    "containment": containment,
    "budget": budget,
}

REPEATS = {
    "global-rng": ("repeat",),
    "seeds": ("repeat", "global-rng"),
    "observation": ("repeat", "global-rng"),
    "batch": ("repeat", "global-rng"),
    "containment": ("repeat", "global-rng", "batch"),
}
"""Checks that could only repeat what a failure of these has said: their comparisons take it for granted."""
