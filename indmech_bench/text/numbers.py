"""Numbers as tables show them."""

from __future__ import annotations

import math
from collections.abc import Sequence


def number(value: float | None) -> str:
    """Three significant digits; `inf` for what a failure counts as, a dash for what is absent."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    if abs(value) < 1e-3 or abs(value) >= 1e5:
        return f"{value:.0e}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f}"


def even_numbers(values: Sequence[float | None]) -> list[str]:
    """Numbers in one notation: all with the same decimals, or all as powers of ten where these span too much.

    The least that is not 0 has three significant digits, two where others are a thousand times as large. What is
    exactly 0 is `0`; infinities and what is absent are as `number` has them.
    """
    sizes = [abs(value) for value in values if value and math.isfinite(value)]
    if not sizes:
        return [number(value) for value in values]
    span = math.floor(math.log10(max(sizes))) - math.floor(math.log10(min(sizes)))
    if min(sizes) < 1e-3 or max(sizes) >= 1e9 or (min(sizes) < 1 and span > 3):
        shape = ".1e"
    else:
        shape = f".{max(0, min(2, 4 - span) - math.floor(math.log10(min(sizes))))}f"
    return [f"{value:{shape}}" if value and math.isfinite(value) else number(value) for value in values]


def pvalue(p: float) -> str:
    """Three decimals, or the power of ten."""
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"


def bracketed(interval: tuple[float, float] | None) -> str:
    """An interval of two numbers that may be negative; nothing where there is none."""
    return "" if interval is None else f"[{number(interval[0])}, {number(interval[1])}]"


def whole(interval: tuple[int, int] | None) -> str:
    """From one whole number to another, one alone where they are the same; a dash where there is none."""
    return "–" if interval is None else "–".join(map(str, dict.fromkeys(interval)))


def rates(interval: tuple[float, float] | None, digits: int) -> str:
    return "–" if interval is None else f"{interval[0]:.{digits}f}–{interval[1]:.{digits}f}"
