"""The identity of a row: the fields that its key is made of, and the versions among them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

SCHEMA = 2
ENGINE = 3
"""Version of indmech_bench's own numerics; committed fingerprints guard it."""
EXTERNAL = "external"
"""The `source` of rows whose method is not code of ours; their names begin with it."""

KEYED = (
    "schema",
    "task",
    "task_settings",
    "task_version",
    "salt",
    "method",
    "settings",
    "protocol",
    "source",
    "engine",
    "budget",
    "precision",
    "training",
    "seed",
)
"""The fields that a row's key is made of: what else differs leaves the row the same."""


def row_identity_key(fields: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of the keyed fields."""
    return row_identity_keys(fields)(fields["seed"])


def row_identity_keys(fields: Mapping[str, Any]) -> Callable[[int], str]:
    """The key by seed of the rows that share all other keyed fields, which are written out only once."""
    before, after = (
        json.dumps({name: fields[name] for name in KEYED if side(name)}, sort_keys=True, separators=(",", ":"))
        for side in ("seed".__gt__, "seed".__lt__)
    )
    begun = hashlib.sha256(f'{before[:-1]},"seed":'.encode())
    rest = f",{after[1:]}"

    def key(seed: int) -> str:
        digest = begun.copy()
        digest.update(f"{seed}{rest}".encode())
        return digest.hexdigest()

    return key


def salt_digest(salt: str) -> str:
    """What rows show of a salt: empty without one."""
    return hashlib.sha256(salt.encode()).hexdigest()[:16] if salt else ""


def salt_of_streams(salt: str) -> str:
    """What children get in the place of a salt, to draw truths with: empty without one.

    The salt does not follow from it, and it does not follow from the digest that rows show.
    """
    return hashlib.sha256(f"streams of {salt}".encode()).hexdigest() if salt else ""
