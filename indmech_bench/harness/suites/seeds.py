"""Seeds: which score, which tune, and how ranges of them are written."""

from __future__ import annotations

from indmech_bench.errors import InputError

SCORED = range(10_000)
TUNING = range(10_000, 20_000)


def read_seeds(text: str) -> list[int]:
    """`32` is 0 to 31, `100-131` both ends, `7-7` seed 7. Raises InputError."""
    first, dash, last = text.strip().partition("-")
    try:
        low, high = (int(first), int(last)) if dash else (0, int(first) - 1)
    except ValueError:
        raise InputError(f"--seeds '{text}' must be a number such as 32 or a range such as 0-31.") from None
    if high < low:
        raise InputError(f"--seeds '{text}' is empty: give a number of 1 or more, or a range low-high.")
    if not any(low in known and high in known for known in (SCORED, TUNING)):
        allowed = f"0-{SCORED.stop - 1} (scored) or {TUNING.start}-{TUNING.stop - 1} (tuning)"
        raise InputError(f"--seeds '{text}' must lie within {allowed}.")
    return list(range(low, high + 1))
