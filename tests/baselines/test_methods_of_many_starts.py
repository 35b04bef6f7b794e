"""Methods that try many starts, hops or swaps, and what they make of the ends."""

from __future__ import annotations

import torch
from draws import problem_of, truth_of
from fits import SEEDS, fitted
from indmech_baselines.averaging import Averaging
from indmech_baselines.criteria import CRITERIA

from indmech_bench.registry.registration import get_method


def test_basin_hopping_and_swaps_never_worsen_their_criterion() -> None:
    for method in ("basin-hopping:hops={},steps=300", "path-swap:swaps={},steps=300"):
        values = []
        for count in (1, 6):
            problem = problem_of("fir-natural", SEEDS)
            solution = get_method(method.format(count)).fit(problem)
            assert solution.parameters is not None
            model = truth_of("fir-natural", SEEDS).model
            inner = model.rescale(solution.parameters, 1 / problem._scale)
            values.append(CRITERIA["combined"](problem, {name: value.unsqueeze(1) for name, value in inner.items()}))
        assert bool((values[1] <= values[0] + 1e-6).all())


def test_an_average_of_one_start_is_that_start() -> None:
    truth = truth_of("fir-natural", SEEDS)
    one = fitted("averaging-min-norm:starts=1,steps=300", "fir-natural", SEEDS)
    other = fitted("multistart-min-norm:starts=1,steps=300", "fir-natural", SEEDS)
    for g in truth.family.scored[:5]:
        assert torch.allclose(one.law(g), other.law(g), rtol=1e-9)


def test_a_sharp_average_is_a_choice() -> None:
    truth = truth_of("fir-natural", SEEDS)
    chosen = fitted("multistart-min-norm:starts=4,steps=300", "fir-natural", SEEDS)
    sharp = Averaging(starts=4, steps=300, sharpness=1e9).fit(problem_of("fir-natural", SEEDS))
    for g in truth.family.scored[:3]:
        assert torch.allclose(sharp.law(g), chosen.law(g), rtol=1e-6, atol=1e-9)
