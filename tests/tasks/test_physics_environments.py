"""Environments of physics: rooms as others have them, one truth at every noise, a bound that is reached."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyroomacoustics as pra
import pytest
import torch
from draws import each_seed, problem_of, task_and_job, truth_of

from indmech_bench import UnsupportedError, get_method, get_task, sylvester
from indmech_bench.errors import InputError
from indmech_bench.harness.replicates import job_streams
from indmech_bench.scm.divisors import limit_snr, sylvester_condition
from indmech_bench.tasks.physics.kernels.acoustics import BANDWIDTHS, image_sources, vowel
from indmech_bench.tasks.physics.kernels.sound import RATE, SPEED

NAMES = ("speakers", "shots", "events", "telescopes")
SEEDS = (0, 1, 2)


@pytest.fixture
def plain_rooms() -> Iterator[None]:
    """pyroomacoustics with our speed of sound, a finer table of sincs, and without the high-pass that it adds."""
    ours = {"rir_hpf_enable": False, "c": SPEED, "sinc_lut_granularity": 200}
    theirs = {name: pra.constants.get(name) for name in ours}
    for name, value in ours.items():
        pra.constants.set(name, value)
    yield
    for name, value in theirs.items():
        pra.constants.set(name, value)


@pytest.mark.parametrize("seed", range(3))
def test_image_sources_are_those_of_pyroomacoustics_to_three_thousandths(seed: int, plain_rooms: None) -> None:
    generator = np.random.default_rng(seed)
    size, absorbed = generator.uniform([2.5, 2.5, 2.2], [7.0, 6.0, 3.5]), generator.uniform(0.2, 0.6)
    source, microphone = generator.uniform(0.5, size - 0.5), generator.uniform(0.5, size - 0.5)
    room = pra.ShoeBox(size, fs=int(RATE), materials=pra.Material(absorbed), max_order=8)
    room.add_source(source)
    room.add_microphone(microphone)
    room.compute_rir()
    theirs = room.rir[0][0]
    half = pra.constants.get("frac_delay_length") // 2
    ours = 4 * np.pi * image_sources(size, source, microphone, (1 - absorbed) ** 0.5, len(theirs), half)
    assert np.linalg.norm(ours - theirs) < 0.003 * np.linalg.norm(theirs)


def test_a_vowel_rings_no_longer_than_its_narrowest_formant() -> None:
    taps = np.abs(np.stack([vowel(np.random.default_rng(seed), 400) for seed in range(50)])).max(0)
    envelope = np.exp(-np.pi * BANDWIDTHS.min() * np.exp(-0.6) / RATE * np.arange(400))
    assert bool((taps[200:] <= 60 * envelope[200:]).all())
    assert taps[-1] < 1e-3 * taps.max()


@pytest.mark.parametrize("name", NAMES)
def test_truths_are_the_same_at_every_noise_and_with_more_environments(name: str) -> None:
    plain = truth_of(name, SEEDS).parameters
    for settings in ("noise=40", "environments=4", "environments=4,noise=80"):
        other = truth_of(f"{name}:{settings}", SEEDS).parameters
        assert all(torch.equal(value, other[key]) for key, value in plain.items())


def test_noise_is_the_same_numbers_at_every_level() -> None:
    def noise(level: int) -> torch.Tensor:
        problem, truth = problem_of(f"shots:noise={level}", SEEDS), truth_of("shots", SEEDS)
        seen = problem._observation.kernel * problem._scale.unsqueeze(-1)
        return seen - truth.model.impulse(truth.parameters)

    assert torch.allclose(noise(60), 10 * noise(80), rtol=1e-9, atol=1e-12)
    share = noise(60).square().sum(-1)  # of 256 taps, beside an impulse of power 1
    assert bool(((1e6 * share - 1).abs() < 0.5).all())


@pytest.mark.parametrize("name", NAMES)
def test_the_further_environment_is_new_and_the_truth_has_no_error_there(name: str) -> None:
    truth = truth_of(name, SEEDS)
    task, job = task_and_job(name, SEEDS)
    new, fitted = task.transfer(truth, truth.parameters, job_streams(job, "truth", task))
    assert not torch.allclose(new.parameters["k1"], truth.parameters["k1_1"])
    assert torch.allclose(new.model.half_spectrum(fitted), new.model.half_spectrum(new.parameters), atol=1e-6)


@each_seed(10)
def test_own_kernels_are_the_null_space_of_the_sylvester_matrix(seed: int) -> None:
    generator = np.random.default_rng(seed)
    own, shared = generator.standard_normal((3, 4)), generator.standard_normal(6)
    S = sylvester([np.convolve(kernel, shared) for kernel in own], 4)
    values = np.linalg.svd(S, compute_uv=False)
    assert np.abs(S @ own.ravel()).max() < 1e-12 * values[0]
    assert values[-2] > 1e-9 * values[0]
    assert sylvester_condition(7 * own, shared / 3) == pytest.approx(sylvester_condition(own, shared), rel=1e-6)


def test_the_bound_is_what_the_most_likely_kernels_reach() -> None:
    """Mean squared error of k2 up to scale over its Cramer-Rao bound, both at 80 dB: 1 for an efficient method."""
    name, seeds = "shots-gaussian:taps=5x8,environments=3,noise=80", range(48)
    solution, truth = get_method("noise-aware-gcd:starts=1").fit(problem_of(name, seeds)), truth_of(name, seeds)
    assert solution.parameters is not None
    ratios = []
    for row, (found, true) in enumerate(
        zip(solution.parameters["k2"].numpy(), truth.parameters["k2"].numpy(), strict=True)
    ):
        unit = found / np.linalg.norm(found)
        error = 1 - (unit @ true / np.linalg.norm(true)) ** 2
        own = np.stack([truth.parameters[f"k1_{e}"][row].numpy() for e in (1, 2, 3)])
        _, needed = limit_snr(own, true, 256, error=1.0)
        ratios.append(error / 10 ** ((needed - 80) / 10))
    # each ratio is about chi-squared of 7 degrees over 7 at most as uneven as one of 1: mean within four errors
    assert 1 - 4 * (2 / 48) ** 0.5 < np.mean(ratios) < 1 + 4 * (2 / 48) ** 0.5


def test_the_method_finds_what_the_closed_form_does_not() -> None:
    seeds = range(4)
    problem = problem_of("telescopes:noise=60", seeds)
    closed = get_method("approximate-gcd").fit(problem).details["loss"]
    aware = get_method("noise-aware-gcd:starts=3").fit(problem_of("telescopes:noise=60", seeds)).details["loss"]
    assert bool((aware < 1.01 * closed).all())
    assert bool((aware < 0.9 * closed).any())


@pytest.mark.parametrize("task", ["fir-natural", "shots:observation=spectrum", "linear-environments"])
def test_the_method_skips_what_has_no_composites_in_common(task: str) -> None:
    with pytest.raises(UnsupportedError, match="composite"):
        get_method("noise-aware-gcd").fit(problem_of(task, SEEDS))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("shots:noise=60,observation=spectrum", "noise 60.0 dB is for the observation 'impulse'"),
        ("shots:first=rickr", "ricker"),
        ("shots:environments=1", r"\[2, 64\]"),
        ("shots:taps=9x300", "longer than the signal"),
    ],
)
def test_settings_that_make_no_sense_are_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        get_task(text)
