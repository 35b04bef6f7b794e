"""Which layers of a torch module follow each other: pairs of weights with a hidden layer between them.

Found in the module's graph (torch.fx), or where it cannot be traced in the order of its `Sequential` containers.
Between the two layers of a pair there may only be what acts channel by channel and place by place.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d)
"""Layers that can be one of a pair. Lazy ones and those of three dimensions are not among them."""
PASSED = (
    nn.BatchNorm1d, nn.BatchNorm2d, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.Dropout, nn.Dropout1d, nn.Dropout2d,
    nn.Identity, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Softplus, nn.Tanh, nn.Sigmoid, nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid, nn.Softsign,
)  # fmt: skip
"""What may stand between them: it acts channel by channel, and place by place."""
PASSED_FUNCTIONS = (
    torch.relu, torch.tanh, torch.sigmoid, functional.relu, functional.leaky_relu, functional.elu, functional.gelu,
    functional.silu, functional.softplus, functional.tanh, functional.sigmoid, functional.dropout,
)  # fmt: skip
PASSED_METHODS = ("relu", "tanh", "sigmoid", "contiguous", "relu_")
JOINS = {operator.add: "a sum", torch.add: "a sum", torch.cat: "a concatenation", operator.mul: "a product"}


@dataclass(frozen=True)
class LayerPair:
    """Two layers of which the second takes the channels that the first makes, by their names in the module.

    unflattened: (height, width) that a Linear first layer's outputs are laid out in, channel by channel.
    """

    first: str
    second: str
    unflattened: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        return f"{self.first} → {self.second}"


@dataclass(frozen=True)
class Unpaired:
    """A layer that no pair begins with, and why."""

    layer: str
    why: str


def find_pairs(module: nn.Module) -> tuple[list[LayerPair], list[Unpaired]]:
    """All pairs of a module, in the order in which it computes, and what cannot be paired."""
    try:
        graph = fx.Tracer().trace(module)
    except Exception as error:  # tracing runs a stranger's forward on symbols: anything may come
        return _of_containers(module, f"the graph cannot be traced ({type(error).__name__})")
    pairs, unpaired = [], []
    last = _last_weighted(graph, module)
    for node in graph.nodes:
        if node.op != "call_module":
            continue
        layer = module.get_submodule(node.target)
        if not isinstance(layer, WEIGHTED):
            if _has_weights(layer) and not isinstance(layer, PASSED):
                unpaired.append(Unpaired(node.target, f"a {type(layer).__name__} is no layer that is known here"))
            continue
        if node is last:
            continue
        found = _follow(node, module, str(node.target))
        if isinstance(found, LayerPair):
            pairs.append(found)
        else:
            unpaired.append(found)
    return pairs, unpaired


def _last_weighted(graph: fx.Graph, module: nn.Module) -> fx.Node | None:
    nodes = [node for node in graph.nodes if node.op == "call_module"]
    weighted = [node for node in nodes if isinstance(module.get_submodule(str(node.target)), WEIGHTED)]
    return weighted[-1] if weighted else None


def _has_weights(layer: nn.Module) -> bool:
    return any(True for _ in layer.parameters(recurse=False))


def _follow(start: fx.Node, module: nn.Module, name: str) -> LayerPair | Unpaired:
    """Where what a layer makes goes to, through what acts on each channel and place alone."""
    node, laid_out = start, None
    while True:
        if len(node.users) != 1:
            return Unpaired(name, f"what it makes goes to {len(node.users)} places")
        (node,) = node.users
        if node.op == "call_module":
            layer = module.get_submodule(str(node.target))
            if isinstance(layer, WEIGHTED):
                return LayerPair(name, str(node.target), laid_out)
            if isinstance(layer, nn.Unflatten):
                laid_out = _laid_out(layer)
                if laid_out is None:
                    return Unpaired(name, "an Unflatten follows that does not lay out channels, rows and columns")
            elif not isinstance(layer, PASSED):
                return Unpaired(name, f"a {type(layer).__name__} follows")
        elif not _passes(node):
            return Unpaired(name, f"{_called(node)} follows")


def _passes(node: fx.Node) -> bool:
    if node.op == "call_function":
        return node.target in PASSED_FUNCTIONS
    return node.op == "call_method" and node.target in PASSED_METHODS


def _called(node: fx.Node) -> str:
    if node.op == "output":
        return "an output of the network"
    if node.op == "call_function":
        name = getattr(node.target, "__name__", None) or str(node.target)
        return next((join for target, join in JOINS.items() if target is node.target), name)
    return f"{node.target}"


def _laid_out(layer: nn.Unflatten) -> tuple[int, int] | None:
    sizes: Any = layer.unflattened_size
    if layer.dim != 1 or len(sizes) != 3 or not all(isinstance(size, int) for size in sizes):
        return None
    return int(sizes[1]), int(sizes[2])


def _of_containers(module: nn.Module, why: str) -> tuple[list[LayerPair], list[Unpaired]]:
    """Pairs within each Sequential alone: what happens between containers is not known."""
    pairs: list[LayerPair] = []
    for prefix, container in module.named_modules():
        if isinstance(container, nn.Sequential):
            pairs += _in_order(prefix, container)
    begun = {pair.first for pair in pairs} | {pair.second for pair in pairs}
    weighted = [name for name, layer in module.named_modules() if isinstance(layer, WEIGHTED)]
    return pairs, [Unpaired(name, why) for name in weighted if name not in begun]


def _in_order(prefix: str, container: nn.Sequential) -> Iterator[LayerPair]:
    before: str | None = None
    for key, layer in container.named_children():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(layer, WEIGHTED):
            if before is not None:
                yield LayerPair(before, name)
            before = name
        elif not isinstance(layer, PASSED):
            before = None
