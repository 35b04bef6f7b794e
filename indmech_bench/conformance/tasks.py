"""The checks of a task: what tables rely on, for a family of SCMs that comes from elsewhere (docs/theory.md)."""

from __future__ import annotations

from collections.abc import Callable

from indmech_bench.conformance.laws import invariants, oracle, rho, training
from indmech_bench.conformance.setups import Setup
from indmech_bench.conformance.truths import facts, leak, members, moves, power, scale, seed, shapes, truth_fits

CHECKS: dict[str, Callable[[Setup], str | None]] = {
    "members": members,
    "facts": facts,
    "shapes": shapes,
    "seed": seed,
    "power": power,
    "moves": moves,
    "truth-fits": truth_fits,
    "scale": scale,
    "oracle": oracle,
    "rho": rho,
    "invariants": invariants,
    "training": training,
    "leak": leak,
}
