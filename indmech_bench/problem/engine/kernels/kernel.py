"""The one kernel: carries out programs, row by row, from first step to last.

A row is a replicate and start. Everything that a row needs lies in one small room, and nothing is read that another row
has written, so a row's bits depend on its own data alone. What operations do is compiled into it: calls and views would
cost more than their loops, which are a few dozen numbers long.
"""

from __future__ import annotations

from typing import NamedTuple

from indmech_bench.problem.engine.arrays import Floats, Integers
from indmech_bench.problem.engine.kernels import operations as op
from indmech_bench.problem.engine.kernels.backward import complex_back, power_back, product_back, pull_back, sum_back
from indmech_bench.problem.engine.kernels.compiling import compiled
from indmech_bench.problem.engine.kernels.losses import (
    SAMPLES,
    impulse_loss,
    impulse_slope,
    mean_of_samples,
    samples_loss,
    samples_slope,
    spectrum_loss,
    spectrum_slope,
)
from indmech_bench.problem.engine.kernels.ratios import pull
from indmech_bench.problem.engine.kernels.rules import adam, decayed, descent, shorten
from indmech_bench.problem.engine.kernels.solving import (
    compare,
    linear_complex,
    linear_real,
    normal_equations,
    solve,
)
from indmech_bench.problem.engine.kernels.spectra import added, complex_product, power, product, transform

VALUE = 0
"""The place of the value among the scalars."""


class Plan(NamedTuple):
    """What is to be done: H programs, and B steps each by one of them.

    program (O, 6): operations. begin, end (H,): which of them are a program. phase (B,): the program of a step.
    sizes, roots (B,): of the rule. weights (B,): of independence. settings (H, 4): target and tolerance of log rho,
    decay, longest gradient. every (H,): steps between two moves of the multipliers (0: none). rules (H, 5): of Adam b1,
    1 - b1, b2, 1 - b2, epsilon; of descent momentum and weight decay. step: number of the first.
    """

    program: Integers
    begin: Integers
    end: Integers
    phase: Integers
    sizes: Floats
    roots: Floats
    weights: Floats
    settings: Floats
    every: Integers
    rules: Floats
    step: int


class Shown(NamedTuple):
    """R replicates of E outputs on F padded frequencies.

    kind: IMPULSE, SPECTRUM or SAMPLES. target: of an impulse the transfer function (R, E, 2, F); of a spectrum its root
    (R, E, 1, F); of samples their mean periodogram (R, E, 1, F), folded: the mean over a frequency and its negative.
    share (R, E): the weight of an output's squared residuals; of samples 1 / E. floor (R, E): of samples.
    constant (R,): what the loss of samples has beside the model's terms, -<log I> - 1. single (R, E, N, F): folded
    periodograms of the samples one by one, for minibatches.
    """

    kind: int
    target: Floats
    share: Floats
    floor: Floats
    constant: Floats
    single: Floats


class Data(NamedTuple):
    """The observations, and how taps are transformed.

    table (L, 2, F): cosine and minus sine. weights (F,): of frequencies. indices (R, B, m): samples of each step, with
    m = 0 all; (R, 1, m) for the same at every step. factors (R, B, E, F): label noise on the mean periodogram of each
    step, with a last axis of 0 none. starts: rows of a replicate.
    """

    shown: Shown
    table: Floats
    weights: Floats
    indices: Integers
    factors: Floats
    starts: int


class Rows(NamedTuple):
    """N rows: taps (N, p), two moments of each phase (N, H, p), multipliers (N, M), which are to be computed (N,).

    given (N, p) and values (N,): what comes out. damping (N,): of least squares. jacobian (N or 1, p, m, F):
    transposed, m parts of outputs.
    """

    taps: Floats
    first: Floats
    second: Floats
    multipliers: Floats
    active: Integers
    given: Floats
    values: Floats
    damping: Floats
    jacobian: Floats


class Room(NamedTuple):
    """Room for one row: vectors (V, 2, F), scalars, gradient (p,), residuals (m, F), squares (p, p), solved (p,)."""

    vectors: Floats
    scalars: Floats
    gradient: Floats
    residuals: Floats
    squares: Floats
    solved: Floats


@compiled
def run_rows(plan: Plan, data: Data, rows: Rows, room: Room) -> None:
    """Carry out the steps on all rows that are active, in place."""
    program, begin, end, phases = plan.program, plan.begin, plan.end, plan.phase
    sizes, roots, weights_of_steps, settings, rules = plan.sizes, plan.roots, plan.weights, plan.settings, plan.rules
    table, weights, indices, factors, shown = data.table, data.weights, data.indices, data.factors, data.shown
    kind, target, share, floor, constant, single = shown
    taps, first, second, multipliers = rows.taps, rows.first, rows.second, rows.multipliers
    given, jacobian = rows.given, rows.jacobian
    vectors, scalars, gradient, residuals = room.vectors, room.scalars, room.gradient, room.residuals
    squares, solved = room.squares, room.solved
    # the same numbers with real and imaginary parts, and outputs, in one axis
    flat = vectors.reshape(vectors.shape[0], 2 * weights.shape[0])
    waves = table.reshape(table.shape[0], 2 * weights.shape[0])
    differences = residuals.reshape(residuals.size)
    derivatives = jacobian.reshape(jacobian.shape[0], jacobian.shape[1], residuals.size)
    for row in range(taps.shape[0]):
        if rows.active[row] == 0:
            continue
        r = row // data.starts
        held = row if jacobian.shape[0] > 1 else 0
        for b in range(phases.shape[0]):
            h = phases[b]
            scalars[VALUE] = 0
            for o in range(begin[h], end[h]):
                code, i, j = program[o, 0], program[o, 1], program[o, 2]
                k, x, y = program[o, 3], program[o, 4], program[o, 5]
                if code == op.TRANSFORM:
                    if x:
                        transform(flat, i, given, row, j, k, waves)
                    else:
                        transform(flat, i, taps, row, j, k, waves)
                elif code == op.POWER:
                    power(vectors, i, j, weights, scalars, k)
                elif code == op.COMPLEX_PRODUCT:
                    complex_product(vectors, i, j, k)
                elif code == op.PRODUCT:
                    product(vectors, i, j, k, weights, scalars, x)
                elif code == op.SUM:
                    added(vectors, i, j, k, weights, scalars, x)
                elif code == op.SCALAR_PRODUCT:
                    scalars[i] = scalars[j] * scalars[k]
                elif code == op.SCALAR_SUM:
                    scalars[i] = scalars[j] + scalars[k]
                elif code == op.IMPULSE_LOSS:
                    scalars[VALUE] += impulse_loss(vectors, i, target, r, j, share[r, j], weights)
                elif code == op.SPECTRUM_LOSS:
                    scalars[VALUE] += spectrum_loss(vectors, i, target, r, j, share[r, j], weights)
                elif code == op.SAMPLES_LOSS:
                    scalars[VALUE] += samples_loss(vectors, i, target, r, j, share[r, j], floor[r, j], weights)
                    scalars[VALUE] += share[r, j] * constant[r]
                elif code == op.IMPULSE_SLOPE:
                    impulse_slope(vectors, i, j, target, r, k, share[r, k], weights)
                elif code == op.SPECTRUM_SLOPE:
                    spectrum_slope(vectors, i, j, target, r, k, share[r, k], weights)
                elif code == op.SAMPLES_SLOPE:
                    mean_of_samples(vectors, x, target, single, r, k, indices, factors, b)
                    samples_slope(vectors, i, j, x, share[r, k], floor[r, k], weights)
                elif code == op.RATIO:
                    step, every = plan.step + b, plan.every[h]
                    due = every > 0 and step > 0 and step % every == 0
                    pull(
                        scalars, VALUE, i, j, k, weights_of_steps[b], settings[h, 0], settings[h, 1],
                        multipliers, row, x, every > 0, due,
                    )  # fmt: skip
                elif code == op.PRODUCT_BACK:
                    product_back(vectors, i, j, scalars[k], x, y, weights)
                elif code == op.SUM_BACK:
                    sum_back(vectors, i, j, scalars[k], x, weights)
                elif code == op.POWER_BACK:
                    power_back(vectors, i, j, scalars[k], x, y, weights)
                elif code == op.COMPLEX_BACK:
                    complex_back(vectors, i, j, k, x)
                elif code == op.PULL_BACK:
                    pull_back(flat, i, j, k, waves, gradient)
                elif code == op.DECAY:
                    scalars[VALUE] += decayed(gradient, taps, row, settings[h, 2])
                elif code == op.CLIP:
                    shorten(gradient, settings[h, 3])
                elif code == op.ADAM:
                    adam(taps, first, second, row, h, gradient, sizes[b], roots[b], rules)
                elif code == op.DESCENT:
                    descent(taps, first, row, h, gradient, sizes[b], rules)
                elif code == op.COMPARE:
                    noise = floor[r, k] if kind == SAMPLES else floor[0, 0]
                    compare(vectors, i, j, kind, target, r, k, share[r, k], noise, weights, residuals, x)
                elif code == op.LINEAR_COMPLEX:
                    linear_complex(vectors, i, j, k, x, table, jacobian, held)
                elif code == op.LINEAR_REAL:
                    linear_real(vectors, i, j, k, x, table, jacobian, held)
                elif code == op.SOLVE:
                    trace = normal_equations(derivatives, held, differences, squares, solved)
                    solve(squares, solved, rows.damping[row] * trace / solved.shape[0])
                    for t in range(solved.shape[0]):
                        given[row, t] = taps[row, t] - solved[t]
                elif code == op.GIVE_VALUE:
                    rows.values[row] = scalars[VALUE]
                elif code == op.GIVE_GRADIENT:
                    for t in range(gradient.shape[0]):
                        given[row, t] = gradient[t]
