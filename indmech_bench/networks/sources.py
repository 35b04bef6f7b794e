"""Where the network of an audit comes from: a user's factory, a trained generator, checkpoints."""

from __future__ import annotations

import importlib.util
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from indmech_bench.errors import InputError, UnsupportedError, unknown
from indmech_bench.tasks.generators.dcgan import WIDTHS, generator_in, latents_of, trained_generator
from indmech_bench.tasks.generators.states import SUFFIXES, put_into, read_file, read_member

SAMPLES = 16
"""Latents that a known generator is run on where no other number is asked for."""


@dataclass(frozen=True, eq=False)
class Brought:
    """A network that a user brings: its name, and what it can be run on, None where that is not known."""

    name: str
    module: nn.Module
    inputs: tuple[Any, ...] | None


def bring(
    factory: str | None = None, wheel: str | None = None, checkpoint: Path | None = None, samples: int = SAMPLES
) -> list[Brought]:
    """The network that is asked for; one for each checkpoint of a folder, in the order of the numbers in their names.

    Raises InputError.

    Args:
        factory: `FILE.py:function` that returns a module, or a module and what to run it on.
        wheel: `faces` or `eyes`, a file that is one of these wheels, or with a factory any wheel that holds one file of
            weights.
        checkpoint: a file of weights for the factory's module, or a folder of such files.
        samples: how many latents a known generator is run on.
    """
    if wheel is not None and checkpoint is not None:
        raise InputError("--wheel and --checkpoint exclude each other: weights come from one place.")
    if wheel is not None:
        return [_of_wheel(wheel, factory, samples)]
    if factory is None:
        what = f"--checkpoint '{checkpoint}' holds weights alone" if checkpoint else "there is no network"
        raise InputError(f"{what}: give FILE.py:function that makes the network, or --wheel.")
    if checkpoint is None:
        return [_made(factory)]
    if not checkpoint.is_dir():
        return [_with_state(factory, read_file(checkpoint), str(checkpoint))]
    files = sorted((p for p in checkpoint.iterdir() if p.is_file() and p.suffix in SUFFIXES), key=_in_order)
    if not files:
        raise InputError(f"'{checkpoint}' holds no files of weights ({', '.join(SUFFIXES)}).")
    return [_with_state(factory, read_file(path), path.name) for path in files]


def _of_wheel(wheel: str, factory: str | None, samples: int) -> Brought:
    name = generator_in(wheel)
    if factory is not None:
        if name is not None and not Path(wheel).is_file():
            raise InputError(f"--wheel '{wheel}' has its own network: give no factory with it.")
        return _with_state(factory, read_member(Path(wheel)), wheel)
    if name is None:
        if not Path(wheel).is_file():
            raise unknown("generator", wheel, WIDTHS)
        raise InputError(
            f"'{wheel}' is none of the wheels whose network is known: give FILE.py:function that makes it."
        )
    try:
        return Brought(name, trained_generator(name), (latents_of(name, samples),))
    except UnsupportedError as error:
        raise InputError(f"{error}.") from None


def _with_state(factory: str, loaded: Any, name: str) -> Brought:
    made = _made(factory)
    return Brought(name, put_into(made.module, loaded, name), made.inputs)


def _made(factory: str) -> Brought:
    """What a function of a file makes. Raises InputError."""
    place, colon, function = factory.rpartition(":")
    path = Path(place)
    if not colon or not function.isidentifier() or path.suffix != ".py":
        raise InputError(f"'{factory}' must be FILE.py:function.")
    if not path.is_file():
        raise InputError(f"there is no file '{path}'.")
    spec = importlib.util.spec_from_file_location(f"indmech_network_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    own = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))  # a network's file may import its neighbours
    try:
        spec.loader.exec_module(own)
        if not callable(getattr(own, function, None)):
            raise unknown(
                f"function of '{path}'", function, [key for key, value in vars(own).items() if callable(value)]
            )
        made = getattr(own, function)()
    except InputError:
        raise
    except Exception as error:  # a stranger's file may raise anything
        raise InputError(f"'{factory}' failed: {type(error).__name__}: {str(error).rstrip('.')}.") from None
    finally:
        sys.path.pop(0)
    module, inputs = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    if not isinstance(module, nn.Module):
        raise InputError(
            f"'{factory}' must return a torch module, or one and its input, not a {type(module).__name__}."
        )
    return Brought(factory, module, (inputs,) if isinstance(inputs, Tensor) else inputs)


def _in_order(path: Path) -> list[tuple[int, str]]:
    """Numbers as numbers: step-9 before step-10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path.name)]
