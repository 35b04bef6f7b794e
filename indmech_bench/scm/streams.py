"""Randomness by name: every number is a function of what it is for, never of position, batch or order of calls."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor


def row_key(domain: str, salt: str, task: str, settings: Mapping[str, Any], version: int, seed: int) -> bytes:
    """The key of one replicate in one domain (`truth`, `reference`, `method`, `null`).

    A hash: from the key of one domain nothing follows for another, so no stream name leads a method to the numbers
    that a truth was drawn from.

    Args:
        domain: what the numbers are for.
        salt: a secret, or empty.
        task: name of the task.
        settings: its settings, complete.
        version: its version.
        seed: the replicate's seed.
    """
    named = [domain, salt, task, dict(settings), version, seed]
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).digest()


@dataclass(frozen=True)
class Streams:
    """Named streams of random numbers for a batch of replicates, one key each."""

    keys: tuple[bytes, ...]

    def generators(self, stream: str) -> list[np.random.Generator]:
        """One generator a replicate: numpy's Philox, its counter at zero."""
        digests = (hashlib.sha256(key + stream.encode()).digest() for key in self.keys)
        return [np.random.Generator(np.random.Philox(key=int.from_bytes(d[:16], "little"))) for d in digests]

    def randn(self, stream: str, *shape: int) -> Tensor:
        """Standard normal float64 tensor (R, *shape); a longer draw begins with the shorter one's numbers."""
        rows = [generator.standard_normal(shape) for generator in self.generators(stream)]
        return torch.from_numpy(np.stack(rows))

    def integers(self, stream: str) -> tuple[int, ...]:
        """An integer in [0, 2^32) a replicate."""
        return tuple(int.from_bytes(hashlib.sha256(key + stream.encode()).digest()[:4], "little") for key in self.keys)

    def choices(self, stream: str, count: int, size: int, chosen: int) -> Tensor:
        """`count` times `chosen` of `size` things, none twice: (R, count, chosen) integers."""
        rows = [generator.random((count, size)) for generator in self.generators(stream)]
        return torch.from_numpy(np.stack([np.argpartition(row, chosen - 1, axis=-1)[:, :chosen] for row in rows]))


def streams(domain: str, salt: str, task: str, settings: Mapping[str, Any], version: int, seeds: list[int]) -> Streams:
    """The streams of a batch of seeds of one task.

    Args:
        domain: what the numbers are for.
        salt: a secret, or empty.
        task: name of the task.
        settings: its settings, complete.
        version: its version.
        seeds: one a replicate.
    """
    return Streams(tuple(row_key(domain, salt, task, settings, version, seed) for seed in seeds))
