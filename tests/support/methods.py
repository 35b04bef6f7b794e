"""All methods with settings that make them quick, and a task that each works on."""

from __future__ import annotations

from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import Entry

QUICK = {
    "steps": "60",
    "starts": "3",
    "sweeps": "5",
    "hops": "2",
    "refit": "10",
    "swaps": "2",
    "iterations": "20",
    "polish": "true",
}
ELSEWHERE = {
    "approximate-gcd": "environments-2",
    "joint-diagonalisation": "linear-environments",
    "fast-ica": "ica-laplace",
    "picard": "ica-hyperbolic-secant",
    "early-stop": "fir-samples",
    "richardson-lucy": "optics-stars",
    "non-negative-least-squares": "optics-stars",
}
"""Methods that skip fir-natural, with a task that they do not skip."""

METHODS: tuple[Entry, ...] = tuple(Catalogue.read().of_kind("method"))


def quick(entry: Entry, **settings: str) -> str:
    """`name:setting=value,...` with few steps, starts and so on, where the method has such settings."""
    chosen = {name: value for name, value in {**QUICK, **settings}.items() if name in entry.defaults}
    return f"{entry.name}:{','.join(f'{name}={value}' for name, value in chosen.items())}".rstrip(":")


def home(entry: Entry) -> str:
    """A task that the method works on."""
    return ELSEWHERE.get(entry.name, "fir-natural")
