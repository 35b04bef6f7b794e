"""The fused way of training gives what the plain way gives, on every task of kernels."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import draws
import numpy as np
import pytest
import torch
from draws import problem_of
from torch import Tensor

from indmech_bench import AdamRule, DescentRule, Fading, Objective, Phase, Trace, flatten, levenberg_marquardt, train
from indmech_bench.problem.engine.engine import LARGEST, engine_of
from indmech_bench.problem.least_squares import jacobian_of_features
from indmech_bench.problem.problem import Problem
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.observations.impulse import Impulse
from indmech_bench.scm.parameters import Parameters
from indmech_bench.scm.streams import Streams

PLAIN_TASKS = (
    "ica-",
    "linear-",
    "channels-",
    "concentration-1024",
    "concentration-4096",
    "toy-faces",
    "fluo-faces",
    "toy-vae",
    "real-",
    "digits-",
    "faces-",
    "textures-",
)
"""Beginnings of tasks that the engine does not know, or that are too large for it: they take the plain way."""
KERNELS = [entry.name for entry in Catalogue.read().of_kind("task") if not entry.name.startswith(PLAIN_TASKS)]
MODES = ("impulse", "spectrum", "samples")
MORE = [
    *(f"{name}:observation={mode}" for name in ("deep-5-k3", "environments-4", "full-cascade-large") for mode in MODES),
    "fork:observation=samples",
    "eyes-independent:observation=spectrum",
    "eyes-independent:observation=samples",
]
OBJECTIVES = {
    "fit": Objective(),
    "penalty": Objective(independence=0.3),
    "ratio": Objective(fit=0.0, independence=1.0),
    "intervened": Objective(independence=0.3, ratios="intervened", target=0.2, tolerance=0.05),
    "decay": Objective(decay=0.1),
    "multipliers": Objective(independence=0.5, multipliers=7),
}
RULES = {"adam": AdamRule(0.01), "descent": DescentRule(0.01, 0.9, 1e-3)}


def both_ways(task: str, replicates: int = 4) -> tuple[Problem, Problem]:
    """The same problem, fused and plain."""
    fused, plain = (problem_of(task, range(replicates), training=way) for way in ("fused", "plain"))
    assert fused.engine is not None
    assert plain.engine is None
    return fused, plain


@pytest.mark.parametrize("task", ["channels-4", "concentration-1024"])
def test_what_the_engine_does_not_know_takes_the_plain_way(task: str) -> None:
    assert problem_of(task, range(1)).engine is None


def flat(parameters: Parameters) -> Tensor:
    return torch.cat([value.detach().flatten() for value in parameters.values()])


def relative(found: Tensor, wanted: Tensor) -> float:
    """Largest difference relative to the largest number."""
    return float((found - wanted).abs().max() / wanted.abs().max())


def compare_gradients(fused: Problem, plain: Problem, objective: Objective, point: Parameters, name: str = "") -> None:
    """Value and gradient of an objective agree to 1e-10."""
    leaves = {name: value.clone().requires_grad_() for name, value in point.items()}
    held = torch.full((), 0.0)
    if objective.multipliers:
        held = torch.linspace(-1, 1, plain.log_generic_ratios(point).numel()).reshape_as(
            plain.log_generic_ratios(point)
        )
    value = objective.value(plain, leaves, multipliers=held)
    value.sum().backward()
    assert fused.engine is not None
    found, gradient = fused.engine.objective(objective, point, held if objective.multipliers else None)
    assert relative(found, value.detach()) < 1e-10, name
    assert relative(flat(gradient), torch.cat([leaves[k].grad.flatten() for k in gradient])) < 1e-10, name


@pytest.mark.parametrize("task", [*KERNELS, *MORE])
def test_value_and_gradient_are_those_of_autograd(task: str) -> None:
    fused, plain = both_ways(task)
    for name, objective in OBJECTIVES.items():
        for starts in (None, 3):
            compare_gradients(fused, plain, objective, fused.start(0.7, starts), name)


@pytest.mark.parametrize("task", ["fir-natural", "fir-spectrum", "fir-samples", "fork"])
def test_gradients_agree_near_zeros_of_the_spectrum(task: str) -> None:
    """Kernels with zeros at a distance from the unit circle of 1e-3 to 1e-9: at a zero itself the root has a kink."""
    fused, plain = both_ways(task)
    for distance in (1e-3, 1e-6, 1e-9):
        point = fused.start(0.7)
        zero = torch.tensor([1.0, -(1 - distance)]) if task != "fork" else torch.tensor([1.0, -1 + distance])
        for name, value in point.items():
            shorter = value[:, :-1]
            point[name] = torch.nn.functional.pad(shorter * zero[0], (0, 1)) + torch.nn.functional.pad(
                shorter * zero[1], (1, 0)
            )
        compare_gradients(fused, plain, OBJECTIVES["penalty"], point)


def test_a_spectrum_of_exact_zeros_pulls_nowhere_there() -> None:
    """The root of a power spectrum has no derivative at 0: both ways take 0, so that no row is lost."""
    fused, plain = both_ways("fir-spectrum")
    point = {name: torch.zeros_like(value) for name, value in fused.start().items()}
    leaves = {name: value.requires_grad_() for name, value in point.items()}
    Objective().value(plain, leaves).sum().backward()
    assert fused.engine is not None
    _, gradient = fused.engine.objective(Objective(), point)
    assert flat(gradient).tolist() == [0.0] * len(flat(gradient))
    assert all(not leaf.grad.any() for leaf in leaves.values())


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("task", [*KERNELS, *MORE])
def test_two_hundred_steps_end_where_the_plain_way_ends(task: str, rule: str) -> None:
    fused, plain = both_ways(task, 2)
    phases = [Phase(Objective(independence=0.1, decay=1e-3), RULES[rule], clip=1.0)]
    ends = [train(problem, problem.start(), phases, 200) for problem in (fused, plain)]
    assert fused.spent.tolist() == plain.spent.tolist()
    assert (fused.steps, plain.steps) == ({"fused": 200}, {"plain": 200})
    apart = relative(flat(ends[0]), flat(ends[1]))
    if apart >= 1e-8:  # trainings of long kernels on samples are chaotic: rounding alone takes them elsewhere
        assert task.endswith("samples") or task == "drift"
        moved = {name: value * (1 + 1e-15 * torch.randn_like(value)) for name, value in plain.start().items()}
        assert apart < 100 * relative(flat(train(plain, moved, phases, 200)), flat(ends[1]))


def test_every_schedule_ends_where_the_plain_way_ends() -> None:
    """Phases with states of their own, a fading weight, multipliers, no cosine, many starts, a watch."""
    fused, plain = both_ways("deep-3-k1", 3)
    alternating = [
        Phase(Objective(), AdamRule(0.02), (range(0, 100, 2), range(100, 130))),
        Phase(Objective(fit=0.0, independence=0.2), AdamRule(0.01, (0.8, 0.99)), (range(1, 100, 2),)),
    ]
    several = {
        "alternating": (alternating, {}),
        "fading": ([Phase(Objective(independence=Fading(1.0, 90.0)), AdamRule(0.02))], {"cosine": False}),
        "multipliers": ([Phase(Objective(independence=0.1, multipliers=13), AdamRule(0.02))], {}),
        "multipliers of one of two": (
            [
                Phase(Objective(independence=0.1, multipliers=13), AdamRule(0.02), (range(50),)),
                Phase(Objective(), AdamRule(0.02), (range(50, 130),)),
            ],
            {},
        ),
    }
    for name, (phases, options) in several.items():
        for starts in (None, 2):
            traces = Trace({}), Trace({})
            ends = [
                train(p, p.start(0.3, starts), phases, 130, watch=trace, watched=(0, 64, 129), **options)
                for p, trace in zip((fused, plain), traces, strict=True)
            ]
            assert relative(flat(ends[0]), flat(ends[1])) < 1e-8, name
            assert list(traces[0].path) == list(traces[1].path) == [0, 64, 129]
            for step in traces[0].path:
                assert relative(flat(traces[0].path[step]), flat(traces[1].path[step])) < 1e-8


def test_minibatches_and_chosen_samples_are_the_same_ones() -> None:
    fused, plain = both_ways("fir-samples", 3)
    phases = [Phase(Objective(), DescentRule(0.02, 0.9), clip=1.0)]
    for options in ({"batch": 8}, {"batch": 1}, {"samples": torch.arange(50, 90)}):
        ends = [train(problem, problem.start(), phases, 150, **options) for problem in (fused, plain)]
        assert relative(flat(ends[0]), flat(ends[1])) < 1e-8


@pytest.mark.parametrize(
    "task", ["drift:floor=0.1", "fir-samples", "environments-2:observation=samples", "fork:observation=samples"]
)
@pytest.mark.parametrize("batch", [None, 8])
def test_label_noise_is_the_same_noise(task: str, batch: int | None) -> None:
    fused, plain = both_ways(task, 3)
    phases = [Phase(Objective(), DescentRule(0.001, 0.9))]
    ends = [train(p, p.start(starts=2), phases, 70, batch=batch, label_noise=0.3) for p in (fused, plain)]
    assert (fused.steps, plain.steps) == ({"fused": 70}, {"plain": 70})
    assert relative(flat(ends[0]), flat(ends[1])) < 1e-8
    assert relative(flat(ends[0]), flat(train(fused, fused.start(starts=2), phases, 70, batch=batch))) > 1e-3


@pytest.mark.parametrize("task", [*KERNELS, *MORE])
def test_jacobian_and_least_squares_are_those_of_the_plain_way(task: str) -> None:
    fused, plain = both_ways(task, 2)
    point = fused.start(0.7, 2)
    assert relative(fused.jacobian(point), plain.jacobian(point)) < 1e-10
    last = [*fused.shapes][-1]
    assert relative(fused.jacobian(point, [last]), plain.jacobian(point, [last])) < 1e-10
    ends = [levenberg_marquardt(problem, point, 3) for problem in (fused, plain)]
    assert relative(flatten(ends[0][0], fused.shapes), flatten(ends[1][0], fused.shapes)) < 1e-6
    assert fused.spent.tolist() == plain.spent.tolist()


@pytest.mark.parametrize("task", ["fir-natural", "fir-samples", "fork", "environments-2"])
def test_rows_are_the_same_bits_alone_among_others_and_beside_what_diverges(task: str) -> None:
    phases = [Phase(Objective(independence=0.1), AdamRule(0.02), clip=2.0)]

    def ended(seeds: list[int], bad: int | None = None) -> tuple[Tensor, Tensor]:
        problem = problem_of(task, seeds)
        start = problem.start(0.3, 2)
        if bad is not None:
            next(iter(start.values()))[seeds.index(bad)] = torch.nan
        trained = train(problem, start, phases, 50)
        polished, _ = levenberg_marquardt(problem, trained, 5)
        row = seeds.index(7)
        return flatten(trained, problem.shapes)[row], flatten(polished, problem.shapes)[row]

    alone = ended([7])
    for seeds, bad in ((list(range(32)), None), ([*range(20, 36), 7], None), ([6, 7, 8], 8)):
        assert all(torch.equal(a, b) for a, b in zip(alone, ended(seeds, bad), strict=True))


def test_float32_trains_too() -> None:
    """To the accuracy of float32, in float32."""
    fused, plain = (
        problem_of("fir-natural", range(3), training=way, precision="float32") for way in ("fused", "plain")
    )
    phase = Phase(Objective(independence=0.1), AdamRule(0.01))
    ends = [train(problem, problem.start(), phase, 50) for problem in (fused, plain)]
    assert flat(ends[0]).dtype == torch.float32
    assert relative(flat(ends[0]), flat(ends[1])) < 1e-3


def test_what_the_engine_does_not_know_is_trained_plainly() -> None:
    """Functions, other optimisers, multipliers among phases, linear models, signals that are too long."""
    problem = problem_of("fir-natural", range(2))
    start, rule = problem.start(), AdamRule(0.01)
    train(problem, start, Phase(lambda parameters, batch: problem.loss(parameters, batch), rule), 10)
    train(problem, start, Phase(Objective(), lambda tensors: torch.optim.RMSprop(tensors)), 10)
    assert problem.steps == {"plain": 20}

    class Louder(ConvolutionCascade):
        def composite(self, parameters: Parameters) -> Tensor:
            return 2 * super().composite(parameters)

    class Slower(AdamRule):
        def __call__(self, tensors: Iterable[Tensor]) -> torch.optim.Optimizer:
            return torch.optim.Adam(tensors, lr=self.learning_rate / 2)

    assert engine_of(Impulse(Louder((9, 5), 64), torch.ones(1, 64)), torch.float64) is None
    assert problem.engine is not None
    assert not problem.engine.knows([Phase(Objective(), Slower(0.01))])
    assert problem_of("linear-gaussian-natural", range(2)).engine is None
    length = LARGEST // 64
    model = ConvolutionCascade((32, 33), 2 * length)
    long = Impulse(model, torch.ones(1, 2 * length, dtype=torch.float64))
    assert engine_of(long, torch.float64) is None
    assert engine_of(Impulse(ConvolutionCascade((9, 5), 4096), torch.ones(1, 4096)), torch.float64) is not None


def test_a_signal_of_any_length_is_transformed() -> None:
    """Odd lengths have no highest frequency, and kernels may be as long as the signal."""
    for n, lengths in ((15, (15, 4)), (21, (3, 2)), (50, (50, 50)), (7, (1, 1))):
        model = ConvolutionCascade(lengths, n)
        observation = Impulse(model, torch.randn(2, n, dtype=torch.float64))
        fused, plain = (Problem(observation, Streams((b"a", b"b")), training=way) for way in ("fused", "plain"))
        compare_gradients(fused, plain, OBJECTIVES["penalty"], fused.start(0.5))
        point = fused.start(0.5)
        wanted = jacobian_of_features(observation.normalised(torch.float64)[0], point, fused.shapes)
        assert relative(fused.jacobian(point), wanted) < 1e-10


def test_many_steps_need_no_more_memory() -> None:
    """What a training holds beside its rows does not grow with the number of steps."""
    script, support = Path(__file__).with_name("memory_of_steps.py"), Path(draws.__file__).parent
    env = {**os.environ, "PYTHONPATH": str(support)}
    held = [
        int(subprocess.run([sys.executable, str(script), steps], capture_output=True, check=True, env=env).stdout)
        for steps in ("10", "20000")
    ]
    assert held[1] - held[0] < 4 << 20, held


def test_without_numba_everything_works_plainly(tmp_path: Path) -> None:
    """One sentence says so, and the rows say `plain`."""
    hidden = tmp_path / "sitecustomize.py"
    hidden.write_text(
        "import importlib.util as u\nfound = u.find_spec\n"
        "u.find_spec = lambda name, package=None: None if name == 'numba' else found(name, package)\n"
    )
    command = ["-m", "indmech_bench.cli", "run", "--task", "fir-natural", "--method", "adam:steps=20", "--seeds", "1"]
    made = subprocess.run(
        [sys.executable, *command, "--out", "r", "--jobs", "1"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert made.stderr.count("numba is not installed: training takes the plain way") == 1
    rows = [json.loads(line) for line in (tmp_path / "r/runs.jsonl").read_text().splitlines()]
    assert {(row["training"], row["details"].get("plain_steps")) for row in rows if row["method"] == "adam"} == {
        ("plain", 20.0)
    }


def test_indices_of_minibatches_never_repeat_within_one() -> None:
    drawn = Streams((b"a", b"b")).choices("minibatches 0", 5, 30, 7).numpy()
    assert drawn.shape == (2, 5, 7)
    assert all(len(np.unique(batch)) == 7 and batch.min() >= 0 and batch.max() < 30 for row in drawn for batch in row)


def test_machine_code_is_kept_in_the_cache_folder_or_nowhere(tmp_path: Path) -> None:
    """A second process reads what the first has compiled; where no folder can be written each compiles by itself."""
    (tmp_path / "tiny.py").write_text(
        "from indmech_bench.problem.engine.kernels.compiling import compiled, compiled_and_read\n"
        "@compiled\ndef double(x):\n    return 2 * x\nassert double(2.0) == 4\nprint(*compiled_and_read())\n"
    )

    def made(folder: str) -> str:
        env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / folder), "PYTHONPATH": str(tmp_path)}
        command = [sys.executable, "-c", "import tiny"]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout

    assert [made("kept"), made("kept")] == ["1 0\n", "0 1\n"]
    assert [path.parent.parent.parent.name for path in tmp_path.rglob("*.nbi")] == ["kept"]
    (tmp_path / "file").write_text("")
    assert made("file") == "1 0\n"
    assert len([*tmp_path.rglob("*.nbi")]) == 1
