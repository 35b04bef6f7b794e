"""The same training in JAX, jitted and vmapped, float32: run by `speed.py --jax PYTHON` with a Python that has JAX.

Prints a JSON line: microseconds of processor time a step, by number of replicates, for fit + 0.1 (log rho)^2 and for
the fit alone, by Adam, on convolutions of 9 and 5 taps on 64 samples; transforms by rfft, as our plain way has them,
and as products with a table, which XLA does faster at this length.
"""

import json
import os
import sys
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
import jax
import jax.numpy as jnp
import numpy as np

N, L1, L2 = 64, 9, 5
WEIGHTS = jnp.array([1.0, *[2.0] * (N // 2 - 1), 1.0]) / N


def loss(taps, target, strength):
    K1, K2 = jnp.fft.rfft(taps[:L1], N), jnp.fft.rfft(taps[L1:], N)
    P1, P2 = K1.real**2 + K1.imag**2, K2.real**2 + K2.imag**2
    difference = K1 * K2 - target
    fit = (WEIGHTS * (difference.real**2 + difference.imag**2)).sum()
    log_rho = jnp.log((WEIGHTS * P1 * P2).sum() / ((WEIGHTS * P1).sum() * (WEIGHTS * P2).sum()))
    return fit + strength * log_rho**2 if strength else fit


def product(taps, target, strength, table):
    """The loss with transforms as products with a table."""
    real, imaginary = table
    A, B = taps[:L1] @ real[:L1], taps[:L1] @ imaginary[:L1]
    C, D = taps[L1:] @ real[:L2], taps[L1:] @ imaginary[:L2]
    u, v = A * C - B * D - target.real, A * D + B * C - target.imag
    P1, P2 = A * A + B * B, C * C + D * D
    fit = (WEIGHTS * (u * u + v * v)).sum()
    log_rho = jnp.log((WEIGHTS * P1 * P2).sum() / ((WEIGHTS * P1).sum() * (WEIGHTS * P2).sum()))
    return fit + strength * log_rho**2 if strength else fit


def trainer(objective, strength, steps):
    gradient = jax.grad(lambda taps, target: objective(taps, target, strength))

    def train(taps, target):
        def step(state, t):
            x, m, v = state
            g = gradient(x, target)
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            rate = 0.01 * (1 + jnp.cos(jnp.pi * t / steps))
            x = x - rate * (m / (1 - 0.9 ** (t + 1))) / (jnp.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
            return (x, m, v), None

        start = (taps, jnp.zeros_like(taps), jnp.zeros_like(taps))
        return jax.lax.scan(step, start, jnp.arange(steps, dtype=jnp.float32))[0][0]

    return jax.jit(jax.vmap(train))


def measured(objective, strength, replicates):
    random = np.random.default_rng(0)
    start = jnp.array(0.3 * random.standard_normal((replicates, L1 + L2)), jnp.float32)
    true = random.standard_normal((replicates, L1 + L2))
    target = jnp.array(np.fft.rfft(true[:, :L1], N) * np.fft.rfft(true[:, L1:], N), jnp.complex64)
    steps = max(20, min(2000, 100_000 // replicates))
    train = trainer(objective, strength, steps)
    train(start, target).block_until_ready()
    times = []
    for _ in range(7):
        begun = time.process_time()
        train(start, target).block_until_ready()
        times.append((time.process_time() - begun) / steps * 1e6)
    return sorted(times)[len(times) // 2]


def main():
    angles = 2 * np.pi * np.outer(np.arange(L1), np.arange(N // 2 + 1)) / N
    table = jnp.array(np.cos(angles), jnp.float32), jnp.array(-np.sin(angles), jnp.float32)
    ways = {"fft": loss, "table": lambda *given: product(*given, table)}
    found = {}
    for name, strength in (("adam", 0.0), ("independence-penalty", 0.1)):
        for replicates in map(int, sys.argv[1:]):
            for label, way in ways.items():
                found[f"{name} {replicates} {label}"] = measured(way, strength, replicates)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
