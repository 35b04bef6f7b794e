"""Methods made for images: sparse layouts, and training stopped at a fit."""

from __future__ import annotations

import torch
from draws import problem_of, truth_of

from indmech_bench.registry.registration import get_method
from indmech_bench.scm.parameters import flatten

SEEDS = range(2)


def test_training_stops_at_the_first_look_that_fits() -> None:
    problem = problem_of("toy-faces-single", SEEDS)
    solution = get_method("stop-at-fit:steps=60,loss=0.5,every=5").fit(problem)
    for r in SEEDS:
        stopped = int(solution.details["stopped_at"][r])
        assert 0 < stopped < 60
        assert stopped % 5 == 0
        assert float(solution.details["loss"][r]) <= 0.5
        before = get_method(f"stop-at-fit:steps=60,loss=1e-9,every={stopped - 5 or 1}")
        assert float(before.fit(problem_of("toy-faces-single", [r])).details["loss"]) < 0.5


def test_training_that_never_fits_ends_where_it_would() -> None:
    never = get_method("stop-at-fit:steps=20,loss=1e-12").fit(problem_of("toy-faces-single", SEEDS))
    adam = get_method("adam:steps=20").fit(problem_of("toy-faces-single", SEEDS))
    assert never.details["stopped_at"].tolist() == [20.0, 20.0]
    assert never.parameters is not None
    assert adam.parameters is not None
    for name, value in adam.parameters.items():
        assert torch.equal(never.parameters[name], value)


def test_sparse_layouts_have_fewer_spikes_at_as_good_a_fit_as_the_penalty_allows() -> None:
    def spread(method: str) -> torch.Tensor:
        problem = problem_of("toy-faces-single", SEEDS)
        parameters = get_method(method).fit(problem).parameters
        assert parameters is not None
        layout = flatten(parameters, {"layout": problem.shapes["layout"]})
        return layout.abs().sum(-1) / layout.norm(dim=-1)

    sparse, plain = spread("sparse-layout:steps=150"), spread("adam:steps=150")
    assert bool((sparse < 0.8 * plain).all())


def test_sparsity_of_faces_is_free_of_how_scale_is_shared() -> None:
    truth = truth_of("toy-faces", SEEDS)
    scaled = {"layout": 4 * truth.parameters["layout"], "shape": truth.parameters["shape"] / 4}
    assert torch.allclose(truth.model.sparsity(scaled), truth.model.sparsity(truth.parameters), rtol=1e-12)
