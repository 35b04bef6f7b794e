"""Weights from files of other people: tensors and nothing else, whatever a pickle would rather do."""

from __future__ import annotations

import io
import pickle
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from indmech_bench.errors import InputError

SUFFIXES = (".pt", ".pth", ".tar", ".ckpt", ".bin")
"""How files of weights are called."""
CODE = re.compile(r"Unsupported (global|class)|Trying to (load|call|instantiate)|not allowed|blocked", re.IGNORECASE)
"""How torch says that a pickle wants something called that makes no tensor."""
State = dict[str, Tensor]


def read_checkpoint(data: bytes, name: str) -> Any:
    """What torch saved, with `weights_only`: code in a pickle is refused, not run. Raises InputError.

    name: what the file is called in a sentence.
    """
    try:
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if CODE.search(str(error)):
            raise InputError(f"'{name}' is refused: its pickle wants more than tensors, and would run code.") from None
        raise InputError(f"'{name}' holds no weights that torch can read.") from None
    except Exception:  # a stranger's bytes may make it raise anything
        raise InputError(f"'{name}' holds no weights that torch can read.") from None


def read_file(path: Path) -> Any:
    """The same of a file. Raises InputError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror or error}.") from None
    return read_checkpoint(data, str(path))


def read_member(path: Path, member: str | None = None) -> Any:
    """The same of one member of a wheel; without its name the only one that is called like weights.

    Raises InputError.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if member is None:
                named = [name for name in archive.namelist() if name.endswith(SUFFIXES)]
                if len(named) != 1:
                    raise InputError(f"'{path}' holds {len(named)} files of weights ({', '.join(SUFFIXES)}), not one.")
                (member,) = named
            data = archive.read(member)
    except KeyError:
        raise InputError(f"'{path}' has no member '{member}'.") from None
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror or error}.") from None
    except zipfile.BadZipFile:
        raise InputError(f"'{path}' is no wheel: a wheel is a zip archive.") from None
    return read_checkpoint(data, f"{path}:{member}")


def put_into(module: nn.Module, loaded: Any, name: str) -> nn.Module:
    """Load into a module the one state dict of what was read that fits it. Raises InputError.

    Training scripts save it alone or among others (`state_dict`, `netG_state_dict`), and parallel training puts
    `module.` before its names: the one with the module's names and shapes is taken.
    """
    wanted = {key: value.shape for key, value in module.state_dict().items()}
    states = [(where, _without_prefix(state)) for where, state in _states(loaded, "")]
    fitting = [(where, s) for where, s in states if {key: value.shape for key, value in s.items()} == wanted]
    if len(fitting) > 1:
        raise InputError(
            f"'{name}' holds {len(fitting)} states that fit ({', '.join(w or 'itself' for w, _ in fitting)})."
        )
    if not fitting:
        raise InputError(f"'{name}' does not fit the network: {_difference(wanted, states)}.")
    module.load_state_dict(fitting[0][1])
    return module


def _states(loaded: Any, where: str) -> Iterator[tuple[str, State]]:
    """Every mapping from names to tensors, with where it lies."""
    if not isinstance(loaded, Mapping):
        return
    if loaded and all(isinstance(key, str) and isinstance(value, Tensor) for key, value in loaded.items()):
        yield where, dict(loaded)
    for key, value in loaded.items():
        yield from _states(value, f"{where}.{key}" if where else str(key))


def _without_prefix(state: State) -> State:
    prefix = "module."
    return (
        {key.removeprefix(prefix): value for key, value in state.items()}
        if all(key.startswith(prefix) for key in state)
        else state
    )


def _difference(wanted: Mapping[str, torch.Size], states: list[tuple[str, State]]) -> str:
    """What stands in the way, of the state that has most of the names."""
    if not states:
        return "it has no mapping from names to tensors"
    _, nearest = max(states, key=lambda found: len(found[1].keys() & wanted.keys()))
    for key, shape in wanted.items():
        if key not in nearest:
            return f"it has no '{key}'"
        if nearest[key].shape != shape:
            return f"'{key}' is {tuple(nearest[key].shape)} there and {tuple(shape)} here"
    return f"it has '{min(nearest.keys() - wanted.keys())}', which the network has not"
