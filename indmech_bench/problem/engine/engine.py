"""The engine of one problem: its model and observation as arrays, and what the kernel makes of them."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from indmech_bench.problem.engine.arrays import Floats, Integers, Real, padded
from indmech_bench.problem.engine.kernels import operations as op
from indmech_bench.problem.engine.kernels.kernel import Data, Plan, Room, Rows, Shown, run_rows
from indmech_bench.problem.engine.kernels.losses import IMPULSE, SAMPLES
from indmech_bench.problem.engine.kernels.preparation import prepare
from indmech_bench.problem.engine.network import Network, network_of, transform_table
from indmech_bench.problem.engine.programs import (
    parts_compared,
    step_of,
    together,
    write_damped_step,
    write_jacobian,
    write_objective,
    written,
)
from indmech_bench.problem.engine.shown import factors_of, shown_of
from indmech_bench.problem.engine.tape import Tape
from indmech_bench.problem.engine.training import Clock, every_of, is_known, rule_of, settings_of, weights_of
from indmech_bench.problem.objective import Objective
from indmech_bench.problem.phase import DescentRule, Phase
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.parameters import Parameters, Shapes, flatten, size_of, unflatten

BLOCK = 512
"""Steps whose sizes are computed at once."""
LARGEST = 200_000
"""Taps times frequencies of the largest model: transforms are products with a table, and the plain way has FFTs.
Measured: `python benchmarks/speed.py`, the table of long signals."""
DTYPES: dict[torch.dtype, Real] = {torch.float64: np.float64, torch.float32: np.float32}


def engine_of(observation: Observation, dtype: torch.dtype) -> Engine | None:
    """The engine of an observation of kernels; None where there are no programs for it."""
    net = network_of(observation.model)
    if net is None or sum(net.lengths) * (net.n // 2 + 1) > LARGEST:
        return None
    shown = shown_of(observation, DTYPES[dtype])
    if shown is None:
        return None
    prepare(str(np.dtype(DTYPES[dtype])))
    return Engine(net, shown, observation.model.shapes, DTYPES[dtype])


class Engine:
    """R replicates of a kernel problem. Parameters are (R, ...) or (R, S, ...); every row is computed by itself."""

    def __init__(self, net: Network, shown: Shown, shapes: Shapes, dtype: Real) -> None:
        """The engine of these observations of a model, whose parameters have these shapes, in one dtype."""
        self._net, self._shown, self._shapes, self._dtype = net, shown, shapes, dtype
        self._size = size_of(shapes)
        self._table, self._weights = transform_table(net.lengths, net.n, dtype)
        self._compared = (max(net.outputs) + 1) * parts_compared(shown.kind), len(self._weights)

    def knows(self, phases: Sequence[Phase]) -> bool:
        return is_known(phases)

    def train(
        self,
        start: Parameters,
        phases: Sequence[Phase],
        order: Integers,
        *,
        blocks: Iterable[tuple[Tensor | None, Tensor | None]],
        cosine: bool,
        watched: Collection[int],
        watch: Callable[[int, Parameters], None],
    ) -> dict[str, Tensor]:
        """The parameters after all steps.

        Args:
            start: where training begins.
            phases: known ones.
            order: (steps,) the phase of each step.
            blocks: of the next B steps indices (R, B, m) of samples, factors (R, B, [E,] bins) on their mean, if any.
            cosine: whether rates fall along a cosine.
            watched: steps before which `watch` is shown the parameters.
            watch: a function of step and parameters.
        """
        taps, lead = self._rows(start)
        tapes = [Tape() for _ in phases]
        for tape, phase in zip(tapes, phases, strict=True):
            step_of(tape, self._net, self._shown.kind, phase)
        rows = self._new_rows(taps, moments=len(phases))
        room, clock = self._room(tapes), Clock(phases, order, cosine, self._dtype)
        step, steps, looks = 0, len(order), sorted(watched)
        for block in blocks:
            begin, end = step, min([steps, *(step + each.shape[1] for each in block if each is not None)])
            seen = None if block[0] is None else block[0].numpy(), factors_of(block[1], self._net.n, self._dtype)
            while step < end:
                if step in watched:
                    watch(step, self._parameters(taps.copy(), lead))
                following = bisect.bisect_right(looks, step)
                until = min(end, step + BLOCK, *looks[following : following + 1])
                plan = self._plan(tapes, phases, order[step:until], clock.block(step, until), step)
                run_rows(plan, self._data(len(taps), *seen, slice(step - begin, until - begin)), rows, room)
                step = until
        return self._parameters(taps, lead)

    def objective(
        self, objective: Objective, parameters: Parameters, multipliers: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Value (R,) or (R, S) of an objective at step 0 on all samples, and its gradient.

        multipliers: (R, k) or (R, S, k); 0 by default.
        """
        taps, lead = self._rows(parameters)
        tape, phase = Tape(), Phase(objective, DescentRule(0.0))
        write_objective(tape, self._net, self._shown.kind, objective, value=True)
        tape.write(op.GIVE_VALUE)
        tape.write(op.GIVE_GRADIENT)
        rows = self._new_rows(taps)
        if multipliers is not None:
            rows.multipliers[:, : multipliers.shape[-1]] = multipliers.detach().flatten(0, -2).numpy()
        nothing = np.zeros(1, self._dtype)
        weight = weights_of(objective, np.zeros(1, dtype=np.int64)).astype(self._dtype)
        plan = self._plan([tape], [phase], np.zeros(1, dtype=np.int64), (nothing, nothing, weight))
        run_rows(plan, self._data(len(taps)), rows, self._room([tape]))
        return torch.from_numpy(rows.values).reshape(lead), self._parameters(rows.given, lead)

    def jacobian(self, parameters: Parameters, names: Sequence[str]) -> Tensor:
        """J (R, m, p) or (R, S, m, p) of the observation's features by the parameters of these names, side by side."""
        taps, lead = self._rows(parameters)
        taps = taps[:, : self._size].copy()
        tape = self._jacobian_tape
        rows = self._new_rows(taps, jacobians=len(taps))
        run_rows(self._plan([tape]), self._data(len(taps)), rows, self._room([tape], compared=True))
        places = dict(zip(self._shapes, np.split(np.arange(taps.shape[1]), self._net.first[1:]), strict=True))
        chosen = rows.jacobian[:, np.concatenate([places[name] for name in names])]
        return torch.from_numpy(self._as_compared(chosen)).unflatten(0, lead)

    def damped_step(self, flat: Tensor, damping: Tensor, active: Tensor) -> tuple[Tensor, Tensor]:
        """Parameters (R, [S,] p) after a damped Gauss-Newton step, and their fit loss; NaN where not active."""
        taps = flat.detach().reshape(-1, flat.shape[-1]).contiguous().numpy()
        tape = self._damped_step_tape
        rows = self._new_rows(taps)
        rows.damping[:] = damping.detach().flatten().numpy()
        rows.active[:] = active.flatten().numpy()
        rows.given.fill(np.nan)
        rows.values.fill(np.nan)
        run_rows(self._plan([tape]), self._data(len(taps)), rows, self._room([tape], compared=True))
        return torch.from_numpy(rows.given).reshape(flat.shape), torch.from_numpy(rows.values).reshape(flat.shape[:-1])

    @cached_property
    def _jacobian_tape(self) -> Tape:
        return written(write_jacobian, self._net, self._shown.kind)

    @cached_property
    def _damped_step_tape(self) -> Tape:
        return written(write_damped_step, self._net, self._shown.kind)

    def _plan(
        self,
        tapes: Sequence[Tape],
        phases: Sequence[Phase] = (),
        order: Integers | None = None,
        steps: tuple[Floats, Floats, Floats] | None = None,
        first: int = 0,
    ) -> Plan:
        """What is to be done: the programs of these tapes, by default one step of the first."""
        begin, end = together(tapes)
        nothing = np.zeros(1, self._dtype)
        sizes, roots, weights = steps or (nothing, nothing, nothing)
        return Plan(
            program=np.concatenate([tape.program for tape in tapes]),
            begin=np.array(begin, dtype=np.int64),
            end=np.array(end, dtype=np.int64),
            phase=np.zeros(1, dtype=np.int64) if order is None else np.ascontiguousarray(order, dtype=np.int64),
            sizes=sizes,
            roots=roots,
            weights=weights,
            settings=np.array([*map(settings_of, phases)] or [[0.0] * 4], self._dtype),
            every=np.array([*map(every_of, phases)] or [0], dtype=np.int64),
            rules=np.array([*map(rule_of, phases)] or [[0.0] * 5], self._dtype),
            step=first,
        )

    def _data(
        self, rows: int, indices: Integers | None = None, factors: Floats | None = None, steps: slice = slice(None)
    ) -> Data:
        """The observations for so many rows; of some steps of a block the samples, and the factors on their mean."""
        chosen = np.zeros((1, 1, 0)) if indices is None else indices[:, steps]
        noise = np.zeros((1, 1, 1, 0), self._dtype) if factors is None else factors[:, steps]
        return Data(
            shown=self._shown,
            table=self._table,
            weights=self._weights,
            indices=np.ascontiguousarray(chosen, dtype=np.int64),
            factors=np.ascontiguousarray(noise),
            starts=rows // len(self._shown.target),
        )

    def _new_rows(self, taps: Floats, moments: int = 1, jacobians: int = 1) -> Rows:
        """Rows at rest, with moments for so many phases and so many Jacobians."""
        count, size = taps.shape
        return Rows(
            taps=taps,
            first=np.zeros((count, moments, size), self._dtype),
            second=np.zeros((count, moments, size), self._dtype),
            multipliers=np.zeros((count, len(self._net.ratios)), self._dtype),
            active=np.ones(count, dtype=np.int64),
            given=np.zeros_like(taps),
            values=np.zeros(count, self._dtype),
            damping=np.zeros(count, self._dtype),
            jacobian=np.zeros((jacobians, size, *self._compared), self._dtype),
        )

    def _room(self, tapes: Sequence[Tape], *, compared: bool = False) -> Room:
        """Room for one row and any of these programs; for least squares if residuals are compared."""
        size, square = self._size, self._size if compared else 1
        return Room(
            vectors=np.zeros((max(tape.vectors for tape in tapes), 2, len(self._weights)), self._dtype),
            scalars=np.zeros(max(tape.scalars for tape in tapes), self._dtype),
            gradient=np.zeros(padded(size), self._dtype),
            residuals=np.zeros(self._compared, self._dtype),
            squares=np.zeros((square, square), self._dtype),
            solved=np.zeros(size, self._dtype),
        )

    def _rows(self, parameters: Parameters) -> tuple[Floats, torch.Size]:
        """Parameters as rows of their own (N, p), padded, and the axes that they stand for."""
        flat = flatten(parameters, self._shapes).detach()
        rows = flat.reshape(-1, self._size).numpy()
        return np.pad(rows.astype(self._dtype), [(0, 0), (0, padded(self._size) - self._size)]), flat.shape[:-1]

    def _parameters(self, rows: Floats, lead: torch.Size) -> dict[str, Tensor]:
        return unflatten(torch.from_numpy(rows[:, : self._size]).reshape(*lead, -1), self._shapes)

    def _as_compared(self, found: Floats) -> Floats:
        """Transposed Jacobians (N, p, m, F) on padded frequencies -> (N, m, p) in the order of features."""
        n, bins = self._net.n, self._net.n // 2 + 1
        split = found[..., :bins]
        if self._shown.kind == IMPULSE:
            # real and imaginary part of a frequency side by side
            split = split.reshape(*found.shape[:2], -1, 2, bins).swapaxes(-2, -1)
        elif self._shown.kind == SAMPLES:
            every = np.arange(n)
            split = (split / np.sqrt(self._weights[:bins] * n))[..., np.minimum(every, n - every)]
        return np.ascontiguousarray(split.reshape(*found.shape[:2], -1).swapaxes(1, 2))
