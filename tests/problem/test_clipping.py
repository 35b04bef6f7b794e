"""Gradients that are clipped: long ones are shortened, short ones left, row by row."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from draws import each_seed
from torch import Tensor

from indmech_bench.problem.training import shorten
from indmech_bench.scm.parameters import Parameters


def gradients(seed: int, *lead: int) -> dict[str, Tensor]:
    made = {}
    for index, shape in enumerate(((3,), (2, 2))):
        value = torch.zeros(*lead, *shape, dtype=torch.float64, requires_grad=True)
        value.grad = torch.from_numpy(np.random.default_rng(seed + index).standard_normal((*lead, *shape)))
        made[f"k{index}"] = value
    return made


def norms(parameters: Parameters, lead: int) -> Tensor:
    flat = [value.grad.flatten(lead) for value in parameters.values() if value.grad is not None]
    return torch.cat(flat, -1).norm(dim=-1)


@pytest.mark.parametrize("lead", [(5,), (5, 3)])
@each_seed()
def test_long_gradients_are_shortened_and_short_ones_left(lead: tuple[int, ...], seed: int) -> None:
    parameters = gradients(seed, *lead)
    before = norms(parameters, len(lead))
    kept = {name: value.grad.clone() for name, value in parameters.items() if value.grad is not None}
    shorten(parameters, 2.0, len(lead))
    assert torch.allclose(norms(parameters, len(lead)), before.clamp_max(2.0), rtol=1e-12)
    short = before < 2.0
    for name, value in parameters.items():
        assert value.grad is not None
        assert torch.equal(value.grad[short], kept[name][short])


def test_a_gradient_of_nan_shortens_no_other() -> None:
    parameters, spoilt = gradients(0, 4), gradients(0, 4)
    assert spoilt["k0"].grad is not None
    spoilt["k0"].grad[2, 0] = torch.nan
    shorten(parameters, 1.0, 1)
    shorten(spoilt, 1.0, 1)
    for name, value in parameters.items():
        assert value.grad is not None
        assert spoilt[name].grad is not None
        assert torch.equal(value.grad[[0, 1, 3]], spoilt[name].grad[[0, 1, 3]])
