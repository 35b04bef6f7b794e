"""Trainings of the fused way end where those of the plain way end, on every task of kernels."""

from __future__ import annotations

import pytest
import torch
from draws import problem_of
from torch import Tensor
from ways import KERNELS, MORE, both_ways, flat, relative

from indmech_bench import AdamRule, DescentRule, Fading, Objective, Phase, Trace, flatten, levenberg_marquardt, train

RULES = {"adam": AdamRule(0.01), "descent": DescentRule(0.01, 0.9, 1e-3)}


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
