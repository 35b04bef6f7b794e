"""Programs for the kernel: what is computed from the taps, and its gradients by going back over it.

A tape is written for a problem, and holds no numbers of any row. Vectors and scalars are places in the room of a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from indmech_bench.problem.engine.arrays import Integers
from indmech_bench.problem.engine.kernels import operations as op
from indmech_bench.problem.engine.kernels.kernel import VALUE

NONE = -1
ZERO = VALUE + 1
"""The place of a scalar that stays 0."""


@dataclass(eq=False)
class Node:
    """Something computed: a vector in `row` (complex or real) with its mean over frequencies in `mean`, or a scalar.

    adjoint: the gradient of what is minimised with respect to it; of a real vector a row (or NONE) plus the scalar in
    `of_mean` (or ZERO) times the weights; of a scalar the place in `of_mean`.
    """

    row: int
    mean: int
    back: Callable[[], None]
    adjoint: int = NONE
    of_mean: int = ZERO


@dataclass
class Tape:
    """Operations in the order of their execution, and how many vectors and scalars they need."""

    operations: list[tuple[int, ...]] = field(default_factory=list)
    vectors: int = 0
    scalars: int = ZERO + 1
    _nodes: list[Node] = field(default_factory=list)

    def write(self, *numbers: int) -> None:
        """Add an operation: its code and what it takes."""
        self.operations.append(numbers)

    def vector(self) -> int:
        """A new vector."""
        self.vectors += 1
        return self.vectors - 1

    def scalar(self) -> int:
        """A new scalar."""
        self.scalars += 1
        return self.scalars - 1

    @property
    def program(self) -> Integers:
        """(O, 6), padded with zeros."""
        return np.array([[*numbers, *[0] * (6 - len(numbers))] for numbers in self.operations], dtype=np.int64)

    def _node(self, row: int, mean: int, back: Callable[[Node], None]) -> Node:
        node = Node(row, mean, lambda: back(node))
        self._nodes.append(node)
        return node

    def transform(self, first: int, length: int, *, moved: bool = False, pulled: bool = True) -> Node:
        """The transfer function of a kernel; the way back ends in its taps, or with `pulled` unset before them."""
        row = self.vector()
        self.write(op.TRANSFORM, row, first, length, int(moved))

        def back(node: Node) -> None:
            if pulled:
                self.write(op.PULL_BACK, node.adjoint, first, length)

        return self._node(row, NONE, back)

    def complex_product(self, a: Node, b: Node) -> Node:
        """Product of transfer functions."""
        row = self.vector()
        self.write(op.COMPLEX_PRODUCT, row, a.row, b.row)

        def back(node: Node) -> None:
            for to, other in ((a, b), (b, a)):
                self.write(op.COMPLEX_BACK, *self._adjoint(to, node.adjoint, other.row))

        return self._node(row, NONE, back)

    def power(self, a: Node) -> Node:
        """Power spectrum of a transfer function."""
        row, mean = self.vector(), self.scalar()
        self.write(op.POWER, row, a.row, mean)
        return self._node(
            row,
            mean,
            lambda node: self.write(op.POWER_BACK, *self._adjoint(a, node.adjoint, node.of_mean, a.row)),
        )

    def product(self, a: Node, b: Node) -> Node:
        """Product of power spectra."""
        row, mean = self.vector(), self.scalar()
        self.write(op.PRODUCT, row, a.row, b.row, mean)

        def back(node: Node) -> None:
            for to, other in ((a, b), (b, a)):
                self.write(op.PRODUCT_BACK, *self._adjoint(to, node.adjoint, node.of_mean, other.row))

        return self._node(row, mean, back)

    def sum(self, a: Node, b: Node) -> Node:
        """Sum of power spectra."""
        row, mean = self.vector(), self.scalar()
        self.write(op.SUM, row, a.row, b.row, mean)

        def back(node: Node) -> None:
            for to in (a, b):
                self.write(op.SUM_BACK, *self._adjoint(to, node.adjoint, node.of_mean))

        return self._node(row, mean, back)

    def mean(self, a: Node) -> Node:
        """The mean of a power spectrum over all frequencies, a scalar."""

        def back(node: Node) -> None:
            self._add_to_mean(a, node.of_mean)

        return self._node(NONE, a.mean, back)

    def scalar_product(self, a: Node, b: Node) -> Node:
        """Product of scalars."""
        place = self.scalar()
        self.write(op.SCALAR_PRODUCT, place, a.mean, b.mean)

        def back(node: Node) -> None:
            for to, other in ((a, b), (b, a)):
                adjoint = self.scalar()
                self.write(op.SCALAR_PRODUCT, adjoint, node.of_mean, other.mean)
                self._add_to_mean(to, adjoint)

        return self._node(NONE, place, back)

    def scalar_sum(self, a: Node, b: Node) -> Node:
        """Sum of scalars."""
        place = self.scalar()
        self.write(op.SCALAR_SUM, place, a.mean, b.mean)

        def back(node: Node) -> None:
            for to in (a, b):
                self._add_to_mean(to, node.of_mean)

        return self._node(NONE, place, back)

    def total(self, nodes: Sequence[Node], add: Callable[[Node, Node], Node]) -> Node:
        """All of them joined."""
        joined = nodes[0]
        for node in nodes[1:]:
            joined = add(joined, node)
        return joined

    def minimise(self, slope: int, a: Node, output: int) -> None:
        """Seed the way back with the gradient of an output's fit loss; `slope` is the operation that gives it."""
        assert a.adjoint == NONE
        a.adjoint = self.vector()
        extra = (self.vector(),) if slope == op.SAMPLES_SLOPE else ()
        self.write(slope, a.adjoint, a.row, output, *extra)

    def pull(self, power: Node, generic: Node, number: int) -> None:
        """Seed the way back with the gradient of the term of a log ratio."""
        place = self.scalar()
        self.scalar()
        self.write(op.RATIO, place, power.mean, generic.mean, number)
        for node, adjoint in ((power, place), (generic, place + 1)):
            self._add_to_mean(node, adjoint)

    def compare(self, a: Node, output: int, first: int) -> None:
        """Seed the way back with the slope of what an output is compared by; write its residuals from `first` on."""
        a.adjoint = self.vector()
        self.write(op.COMPARE, a.adjoint, a.row, output, first)

    def go_back(self) -> None:
        """The way back from what has been seeded to the taps."""
        for node in reversed(self._nodes):
            if node.adjoint != NONE or node.of_mean != ZERO:
                node.back()

    def forget(self) -> None:
        """Take all seeds back, for another way back over the same nodes."""
        for node in self._nodes:
            node.adjoint, node.of_mean = NONE, ZERO

    def _adjoint(self, to: Node, *between: int) -> tuple[int, ...]:
        """What an operation takes that writes to a node's adjoint: its row, what is between, whether it adds to it."""
        added = to.adjoint != NONE
        to.adjoint = to.adjoint if added else self.vector()
        return (to.adjoint, *between, int(added))

    def _add_to_mean(self, to: Node, adjoint: int) -> None:
        if to.of_mean == ZERO:
            to.of_mean = adjoint
        else:
            place = self.scalar()
            self.write(op.SCALAR_SUM, place, to.of_mean, adjoint)
            to.of_mean = place
