"""Numbers as tables show them."""

from __future__ import annotations

import math


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
