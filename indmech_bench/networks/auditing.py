"""The audit of a network: how independent the kernels of its successive layers are (docs/networks.md)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from indmech_bench.errors import InputError, unknown
from indmech_bench.networks.kernels import kernels_of
from indmech_bench.networks.layers import WEIGHTED, LayerPair, Unpaired, find_pairs
from indmech_bench.networks.maps_seen import maps_entering
from indmech_bench.networks.pair_audit import PairAudit, audited_pair, with_maps
from indmech_bench.scm.images.autocorrelations import RE_PAIRINGS

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "pair", "channels", "log_rho", "log_rho_sd", "repaired", "repaired_sd", "pairing_p",
    "coherent", "coherent_repaired", "untrained", "coherence",
)  # fmt: skip
"""Of `Audit.table`."""
UNTRAINED_SEED = 1_953_705_318
"""Of re-initialisation; not one that people set, with which a network would be compared with itself before training."""
OF_UNTRAINED = 99
"""Re-pairings of the re-initialised network at most: they say nothing that is not known of it."""


@dataclass(frozen=True)
class Audit:
    """The pairs of a network, its layers that cannot be paired, and the same network re-initialised.

    untrained: None in that audit itself, and where no layer can be initialised anew.
    """

    pairs: tuple[PairAudit, ...]
    unpaired: tuple[Unpaired, ...]
    permutations: int
    untrained: Audit | None = None

    @property
    def table(self) -> pd.DataFrame:
        """A row a pair, the columns COLUMNS; `untrained` is the mean log rho at re-initialisation."""
        import pandas as pd

        return pd.DataFrame([[record[name] for name in COLUMNS] for record in self.records], columns=list(COLUMNS))

    @property
    def records(self) -> list[dict[str, Any]]:
        """All that is known of each pair; `untrained.NAME` at re-initialisation."""
        others = self.untrained.pairs if self.untrained else [None] * len(self.pairs)
        return [_record(pair, other) for pair, other in zip(self.pairs, others, strict=True)]


def _record(pair: PairAudit, untrained: PairAudit | None) -> dict[str, Any]:
    other = {} if untrained is None else {f"untrained.{name}": value for name, value in asdict(untrained).items()}
    other.pop("untrained.pair", None)
    return {**asdict(pair), "untrained": None if untrained is None else untrained.log_rho, **other}


def audit(
    module: nn.Module,
    input: Tensor | tuple[Any, ...] | None = None,
    *,
    pairs: str | Sequence[tuple[str, str]] = "auto",
    permutations: int = RE_PAIRINGS,
) -> Audit:
    """How independent the kernels of a network's successive layers are, beside re-paired channels and no training.

    Looks at the weights of Conv, ConvTranspose and Linear layers that follow each other through batch normalisation,
    activations and dropout; strides are folded in. Nothing of the network is changed. Values near rho = 1 are what an
    untrained network has: see docs/networks.md for what the numbers can and cannot tell. Raises InputError.

    Args:
        module: a torch module.
        input: what to run it on, a tensor or a tuple of arguments, for what is said of maps; None to look at weights
            alone.
        pairs: `auto`, or the names of layers two by two.
        permutations: how many re-pairings of channels.
    """
    if not isinstance(module, nn.Module):
        raise InputError(f"what is audited must be a torch module, not a {type(module).__name__}.")
    if permutations < 2:
        raise InputError(f"permutations {permutations} must be 2 or more.")
    found, unpaired = find_pairs(module) if pairs == "auto" else (_given(module, pairs), [])
    inputs = (input,) if isinstance(input, Tensor) else input
    with torch.no_grad():
        trained = _audited(module, found, inputs, permutations)
    fresh = reinitialised(module)
    few = min(permutations, OF_UNTRAINED)
    with torch.no_grad():
        others = _audited(fresh, trained.kept, inputs, few)
    untrained = Audit(others.rows, (), few)
    return Audit(trained.rows, (*unpaired, *trained.refused), permutations, untrained)


@dataclass(frozen=True)
class _Audited:
    """Rows, the pairs that they are of, and what has no kernels to look at."""

    rows: tuple[PairAudit, ...]
    kept: tuple[LayerPair, ...]
    refused: tuple[Unpaired, ...]


def _audited(
    module: nn.Module, pairs: Sequence[LayerPair], inputs: tuple[Any, ...] | None, permutations: int
) -> _Audited:
    maps = maps_entering(module, [pair.second for pair in pairs], inputs) if inputs is not None and pairs else {}
    rows, kept, refused = [], [], []
    for pair in pairs:
        kernels = kernels_of(module, pair)
        if isinstance(kernels, str):
            refused.append(Unpaired(pair.first, kernels))
            continue
        row = audited_pair(pair.name, kernels, permutations)
        if pair.second in maps:
            row = with_maps(row, maps[pair.second], kernels, module.get_submodule(pair.second))
        rows.append(row)
        kept.append(pair)
    return _Audited(tuple(rows), tuple(kept), tuple(refused))


def _given(module: nn.Module, pairs: str | Sequence[tuple[str, str]]) -> list[LayerPair]:
    """Pairs by the names of their layers. Raises InputError."""
    if isinstance(pairs, str):
        raise InputError(f"pairs '{pairs}' must be 'auto' or names of layers two by two.")
    known = [name for name, layer in module.named_modules() if isinstance(layer, WEIGHTED)]
    for name in (name for pair in pairs for name in pair):
        if name not in known:
            raise unknown("layer", name, known)
    return [LayerPair(first, second) for first, second in pairs]


def reinitialised(module: nn.Module, seed: int = UNTRAINED_SEED) -> nn.Module:
    """A copy whose every part that can is initialised anew, as torch does it. Moves no random numbers of the caller."""
    fresh = copy.deepcopy(module)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for part in fresh.modules():
            if callable(reset := getattr(part, "reset_parameters", None)):
                reset()
    return fresh
