"""The checks of a method's source alone: what its class says, what it reaches for."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

from indmech_bench.conformance.findings import CheckFailedError
from indmech_bench.conformance.scan import reaches
from indmech_bench.registry.notation import Named
from indmech_bench.registry.registration import build, live


def settings(method: Named) -> None:
    """Settings can be written to a row and read back, and the class has what its source says."""
    method_object = build(method)
    if not dataclasses.is_dataclass(method_object):
        raise CheckFailedError(
            f"{type(method_object).__name__} is no dataclass", "put @dataclass(frozen=True) below @register"
        )
    fields: dict[str, Any] = {
        field.name: getattr(method_object, field.name) for field in dataclasses.fields(method_object)
    }
    wrong = [name for name, value in fields.items() if not isinstance(value, bool | int | float | str | None)]
    if wrong:
        raise CheckFailedError(
            f"setting '{wrong[0]}' is {fields[wrong[0]]!r}", "settings are numbers, text, true, false or none"
        )
    if json.loads(json.dumps(fields)) != method.settings:
        raise CheckFailedError(f"the class has the settings {fields}, its source {method.settings}", "use literals")
    for flag in ("batched", "row_exact"):
        fact, actual = method.entry.facts.get(flag, True), getattr(live(method.entry), flag, True)
        if not isinstance(fact, bool) or (flag not in method.entry.facts and actual is not True):
            raise CheckFailedError(
                f"'{flag}' is {fact!r} in the source, {actual!r} in the class",
                f"write {flag}: ClassVar[bool] = False in the class or in a base of it",
            )


def truth(method: Named) -> None:
    """The source reaches for nothing that holds a truth."""
    found = reaches(method.entry)
    if found:
        raise CheckFailedError(
            f"reaches for what can draw the truth: {', '.join(found[:3])}",
            "use what Problem offers alone (observations, loss, randn, ...); tasks go into a module of their own",
        )


CHECKS: dict[str, Callable[[Named], str | None]] = {"settings": settings, "truth": truth}
