"""Criteria by which methods choose among solutions: what they order, what they do not see, what they cost."""

from __future__ import annotations

import pytest
import torch
from draws import problem_of
from fits import SEEDS, enumerated
from indmech_baselines.criteria import CRITERIA, flatness, norm

from indmech_bench.errors import InputError
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import get_method
from indmech_bench.scoring.references import log_posterior


@pytest.mark.parametrize("seed", range(10_000, 10_008))
def test_flatness_orders_solutions_as_their_posterior_does(seed: int) -> None:
    problem, pairs = enumerated(seed)
    values = flatness(problem, pairs)[0].numpy() / 2
    posterior = log_posterior(pairs["k1"][0].numpy(), pairs["k2"][0].numpy())
    plausible = posterior > posterior.max() - 8  # sharper solutions are cut off at the ridge
    gap = (values + posterior)[plausible]
    assert values.argmin() == posterior.argmax()
    assert gap.max() - gap.min() < 1e-2


def test_flatness_and_norm_see_no_scale() -> None:
    problem, pairs = enumerated(10_003)
    louder = {"k1": 7 * pairs["k1"], "k2": pairs["k2"] / 7}
    assert torch.allclose(flatness(problem, louder), flatness(problem, pairs))
    assert torch.allclose(norm(problem, louder), norm(problem, pairs))


def test_the_trace_in_place_of_the_determinant_is_the_norm() -> None:
    problem, pairs = enumerated(10_004)
    jacobian = problem.jacobian(pairs)
    sizes = torch.cat([pairs[name].norm(dim=-1, keepdim=True).expand_as(pairs[name]) for name in pairs], -1)
    trace = (jacobian * sizes.unsqueeze(-2)).square().sum((-2, -1)).log()
    difference = trace - norm(problem, pairs)
    assert float(difference.max() - difference.min()) < 1e-9


def test_the_smallest_norm_is_the_largest_generic_ratio() -> None:
    problem, pairs = enumerated(10_005)
    total = norm(problem, pairs) + problem.log_generic_ratio(pairs)
    assert float(total.max() - total.min()) < 1e-9


@pytest.mark.parametrize("name", sorted(CRITERIA))
def test_a_criterion_costs_what_it_says(name: str) -> None:
    problem, pairs = enumerated(10_006)
    CRITERIA[name](problem, pairs)
    assert float(problem.spent) == CRITERIA[name].cost(problem) * pairs["k1"].shape[1]


def test_every_criterion_of_a_method_is_registered_or_refused() -> None:
    settings = {
        e.name: e.defaults["criterion"] for e in Catalogue.read().of_kind("method") if "criterion" in e.defaults
    }
    assert {value for value in settings.values() if value != "fit"} <= set(CRITERIA)
    with pytest.raises(InputError, match="unknown criterion 'nothing'"):
        get_method("path-swap:criterion=nothing").fit(problem_of("fir-natural", SEEDS[:1]))
