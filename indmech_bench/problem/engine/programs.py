"""Programs for a kernel model: the step of a phase, the value of an objective, a step of least squares."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from indmech_bench.problem.engine.kernels import operations as op
from indmech_bench.problem.engine.kernels.losses import IMPULSE, SAMPLES, SPECTRUM
from indmech_bench.problem.engine.network import Network
from indmech_bench.problem.engine.tape import Node, Tape
from indmech_bench.problem.objective import Objective
from indmech_bench.problem.phase import AdamRule, Phase

LOSSES = {IMPULSE: op.IMPULSE_LOSS, SPECTRUM: op.SPECTRUM_LOSS, SAMPLES: op.SAMPLES_LOSS}
SLOPES = {IMPULSE: op.IMPULSE_SLOPE, SPECTRUM: op.SPECTRUM_SLOPE, SAMPLES: op.SAMPLES_SLOPE}


class Sketch:
    """A model on a tape: each transfer function, power and product written once, when it is first asked for."""

    def __init__(self, tape: Tape, net: Network, kind: int, *, moved: bool = False, pulled: bool = True) -> None:
        """A model on a tape.

        Args:
            tape: where it is written.
            net: the model.
            kind: of the observation.
            moved: whether of the parameters after a step.
            pulled: whether gradients go back to the taps.
        """
        self._tape, self._net, self._kind = tape, net, kind
        places = zip(net.first, net.lengths, strict=True)
        self.transfers = [tape.transform(first, length, moved=moved, pulled=pulled) for first, length in places]
        self._products: dict[tuple[int, ...], Node] = {}

    def power(self, kernels: tuple[int, ...]) -> Node:
        """Product of the power spectra of some kernels."""
        if kernels not in self._products:
            if len(kernels) == 1:
                node = self._tape.power(self.transfers[kernels[0]])
            else:
                node = self._tape.product(self.power(kernels[:-1]), self.power(kernels[-1:]))
            self._products[kernels] = node
        return self._products[kernels]

    def output(self, e: int) -> Node:
        """What output e is compared by: the transfer function of an impulse, the power spectrum otherwise."""
        paths = [path for path, output in zip(self._net.paths, self._net.outputs, strict=True) if output == e]
        if self._kind == IMPULSE:
            (path,) = paths
            return self._tape.total([self.transfers[j] for j in path], self._tape.complex_product)
        return self._tape.total([self.power(path) for path in paths], self._tape.sum)

    @property
    def outputs(self) -> list[Node]:
        return [self.output(e) for e in range(max(self._net.outputs) + 1)]

    def ratio(self, modulated: dict[int, int | None]) -> tuple[Node, Node]:
        """The mean power that a generic ratio sees, without modulation and averaged over it."""
        tape, plain, generic = self._tape, [], []
        for p, k in modulated.items():
            path = self._net.paths[p]
            plain.append(tape.mean(self.power(path)))
            rest = tuple(j for j in path if j != k)
            if k is None:
                generic.append(plain[-1])
            elif not rest:
                generic.append(tape.mean(self.power((k,))))
            else:
                generic.append(tape.scalar_product(tape.mean(self.power((k,))), tape.mean(self.power(rest))))
        return tape.total(plain, tape.scalar_sum), tape.total(generic, tape.scalar_sum)


def write_objective(tape: Tape, net: Network, kind: int, objective: Objective, *, value: bool) -> None:
    """The gradient of an objective, and its value if that is wanted."""
    sketch = Sketch(tape, net, kind)
    outputs = sketch.outputs if objective.fit else []
    if value:
        for e, node in enumerate(outputs):
            tape.write(LOSSES[kind], node.row, e)
    ratios = []
    if objective.independence is not None:
        ratios = [*map(sketch.ratio, net.ratios if objective.ratios == "each" else [net.intervened])]
    for e, node in enumerate(outputs):
        tape.minimise(SLOPES[kind], node, e)
    for number, (power, generic) in enumerate(ratios):
        tape.pull(power, generic, number)
    tape.go_back()
    if objective.decay:
        tape.write(op.DECAY)


def step_of(tape: Tape, net: Network, kind: int, phase: Phase) -> None:
    """A step of a phase."""
    assert isinstance(phase.objective, Objective)
    write_objective(tape, net, kind, phase.objective, value=False)
    if phase.clip is not None:
        tape.write(op.CLIP)
    tape.write(op.ADAM if isinstance(phase.rule, AdamRule) else op.DESCENT)


def parts_compared(kind: int) -> int:
    """How many numbers an output is compared by at a frequency: of an impulse real and imaginary part."""
    return 2 if kind == IMPULSE else 1


def write_jacobian(tape: Tape, net: Network, kind: int) -> None:
    """Residuals and transposed Jacobian of what is compared."""
    sketch = Sketch(tape, net, kind, pulled=False)
    linear = op.LINEAR_COMPLEX if kind == IMPULSE else op.LINEAR_REAL
    for e, node in enumerate(sketch.outputs):
        begin = e * parts_compared(kind)
        tape.compare(node, e, begin)
        tape.go_back()
        for transfer, first, length in zip(sketch.transfers, net.first, net.lengths, strict=True):
            if transfer.adjoint >= 0:
                tape.write(linear, transfer.adjoint, first, length, begin)
        tape.forget()


def write_damped_step(tape: Tape, net: Network, kind: int) -> None:
    """A damped step of least squares, and the fit loss after it."""
    write_jacobian(tape, net, kind)
    tape.write(op.SOLVE)
    write_loss(tape, net, kind)


def write_loss(tape: Tape, net: Network, kind: int) -> None:
    """The fit loss of the parameters after a step."""
    for e, node in enumerate(Sketch(tape, net, kind, moved=True).outputs):
        tape.write(LOSSES[kind], node.row, e)
    tape.write(op.GIVE_VALUE)


def written(write: Callable[[Tape, Network, int], None], net: Network, kind: int) -> Tape:
    """What a function writes, on a tape of its own."""
    tape = Tape()
    write(tape, net, kind)
    return tape


def together(tapes: Sequence[Tape]) -> tuple[list[int], list[int]]:
    """Where the programs of tapes begin and end, one after the other."""
    ends = [sum(len(tape.operations) for tape in tapes[: h + 1]) for h in range(len(tapes))]
    return [end - len(tape.operations) for end, tape in zip(ends, tapes, strict=True)], ends
