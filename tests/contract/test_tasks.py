"""The contract of tasks, passed by being registered: truths, and what a method is shown of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from contracts import (
    SAMPLED,
    SEEDS,
    TASKS,
    drawn,
    each_noise_free_task,
    each_sampled_task,
    each_task,
    observed,
    own_scale,
    posed,
    powers,
    task_of,
)
from draws import problem_of, task_and_job, truth_of
from scipy import stats
from torch import Tensor

from indmech_bench.conformance.truths import reachable
from indmech_bench.harness.replicates import pose_problem
from indmech_bench.problem.gauss_newton import levenberg_marquardt
from indmech_bench.scm.interventions import Rotation
from indmech_bench.scm.models.kernels import KernelModel
from indmech_bench.tasks.truth import Truth


@each_task
def test_truths_have_the_shapes_of_the_learner(name: str) -> None:
    truth = drawn(name)
    shapes = {key: (len(SEEDS), *shape) for key, shape in truth.model.shapes.items()}
    assert {key: tuple(value.shape) for key, value in truth.parameters.items()} == shapes
    assert all(value.dtype == torch.float64 and bool(value.isfinite().all()) for value in truth.parameters.values())


@each_task
def test_a_truth_is_a_function_of_its_seed_alone(name: str) -> None:
    for seeds in ((3,), (3, 12, 3)):
        for key, value in truth_of(name, seeds).parameters.items():
            assert torch.equal(value[0], drawn(name).parameters[key][3])
            assert torch.equal(value[-1], drawn(name).parameters[key][3])


@each_task
def test_interventions_are_a_function_of_the_seed_alone(name: str) -> None:
    alone, among = truth_of(name, [3]).family, drawn(name).family
    assert len(alone.scored) == len(among.scored)
    for g, h in zip((alone.identity, *alone.scored), (among.identity, *among.scored), strict=True):
        if isinstance(g, Rotation):
            assert isinstance(h, Rotation)
            assert torch.equal(g.matrices[0], h.matrices[3])
        else:
            assert g == h


@each_task
def test_seeds_have_truths_of_their_own(name: str) -> None:
    for value in drawn(name).parameters.values():
        assert len({tuple(row.flatten().tolist()) for row in value}) == len(SEEDS)


@each_task
def test_every_environment_of_a_truth_has_mean_power_one(name: str) -> None:
    truth = drawn(name)
    power = powers(truth, truth.model.law(truth.parameters, truth.family.identity))
    assert float((power - 1).abs().max()) < 1e-12


@each_task
def test_interventions_move_every_truth_by_a_hundredth_of_its_power(name: str) -> None:
    truth = drawn(name)
    law, space = truth.model.laws(truth.parameters), truth.model.geometry
    moved = torch.stack([space.divergence(law(truth.family.identity), law(g)) for g in truth.family.scored]).mean(0)
    assert bool((moved >= 0.0099).all())


@each_task
def test_facts_are_a_number_or_none_for_each_truth(name: str) -> None:
    facts = task_of(name).facts(drawn(name))
    assert facts["log_generic_ratio"] == drawn(name).model.log_generic_ratio(drawn(name).parameters).tolist()
    for values in facts.values():
        assert len(values) == len(SEEDS)
        assert all(value is None or np.isfinite(value) for value in values)


def rescaled(name: str, factor: float) -> dict[str, Tensor]:
    """The truths with the first mechanism (of each environment) multiplied."""
    truth = drawn(name)
    factors = torch.full((len(SEEDS), truth.model.environments or 1), factor, dtype=torch.float64)
    return truth.model.rescale(truth.parameters, factors if truth.model.environments else factors[:, 0])


@each_noise_free_task
def test_the_scale_of_a_mechanism_changes_no_bit_of_the_observation(name: str) -> None:
    plain, _ = observed(name, drawn(name).parameters).normalised(torch.float64)
    louder, _ = observed(name, rescaled(name, 4.0)).normalised(torch.float64)
    assert torch.equal(plain.shown, louder.shown)


@each_noise_free_task
def test_the_scale_of_a_mechanism_changes_no_loss(name: str) -> None:
    start = posed(name).start(starts=2)
    plain, _ = observed(name, drawn(name).parameters).normalised(torch.float64)
    louder, _ = observed(name, rescaled(name, 3.7)).normalised(torch.float64)
    assert torch.allclose(plain.shown, louder.shown, rtol=1e-9, atol=1e-12)
    assert torch.allclose(plain.loss(start), louder.loss(start), rtol=1e-9)


def observed_power(name: str) -> Tensor:
    """Mean power of what a method sees, from the observations alone, (R, [E])."""
    shown, mode = posed(name).observations, task_of(name).observation
    if mode == "impulse":
        return shown.square().sum(-1)
    if mode == "spectrum":
        return torch.cat([shown, shown[..., 1:-1]], -1).mean(-1)
    if mode == "covariance":
        return shown.diagonal(dim1=-2, dim2=-1).mean(-1)
    if mode in ("parts", "pictures"):
        return shown.square().mean((1, 2, 3, 4))
    is_kernel = isinstance(drawn(name).model, KernelModel)
    return shown.mean((-2, -1)) if is_kernel else shown.square().mean((-2, -1))


@each_task
def test_methods_see_mean_power_one(name: str) -> None:
    assert float((observed_power(name) - 1).abs().max()) < 1e-12


@each_noise_free_task
def test_the_truth_has_no_loss(name: str) -> None:
    assert float(posed(name).loss(own_scale(name)).max()) < 1e-20


@each_noise_free_task
def test_the_truth_fits_and_a_random_start_does_not(name: str) -> None:
    problem = posed(name)
    losses = torch.stack([problem.loss(problem.start()), problem.loss(own_scale(name))], -1)
    assert problem.fits(losses).tolist() == [[False, True]] * len(SEEDS)


@each_sampled_task
def test_the_truth_is_nearer_to_its_samples_than_a_start_by_far(name: str) -> None:
    problem = problem_of(name, SEEDS)
    start = {key: value + 0.3 * problem.randn(key, *value.shape[1:]) for key, value in own_scale(name).items()}
    assert bool((problem.loss(own_scale(name)) < 0.2 * problem.loss(start)).all())


@pytest.mark.parametrize("name", ["fir-samples", "drift:floor=0.1,equal_norms=true"])
def test_the_truth_fits_its_samples_in_95_percent_of_draws(name: str) -> None:
    seeds = range(200)
    task, job = task_and_job(name, seeds)
    problem, truth = pose_problem(job, task), truth_of(name, seeds)
    # the problem's scale is that of its observation: the sum of the floor and the law gives it back
    start = truth.model.rescale(truth.parameters, 1 / problem._scale)
    _, best = levenberg_marquardt(problem, start, steps=60)
    fits = problem.fits(torch.stack([problem.loss(start), best], -1))[:, 0]
    low, high = stats.binom.ppf([5e-4, 1 - 5e-4], len(seeds), 0.95)
    assert low <= int(fits.sum()) <= high


@each_task
def test_a_problem_holds_no_task_name_setting_seed_or_salt(name: str) -> None:
    task, job = task_and_job(name, [4321, 54321], salt="a salt")
    problem = pose_problem(job, task)
    problem.loss(problem.start())
    for thing in reachable(problem):
        assert not isinstance(thing, (type(task), Truth))
        if isinstance(thing, str):
            assert name not in thing
            assert "a salt" not in thing
        if isinstance(thing, (bytes, int)):
            assert thing not in (4321, 54321)
            assert b"salt" not in (thing if isinstance(thing, bytes) else b"")


@each_task
def test_a_problem_has_no_public_name_for_what_it_must_not_show(name: str) -> None:
    public = {key for key in dir(posed(name)) if not key.startswith("_")}
    assert public.isdisjoint({"task", "name", "settings", "seed", "truth", "salt", "streams", "observation"})
    assert not set(posed(name).seeds) & set(SEEDS)  # `seeds` are hashes, not the seeds that truths are drawn by


@pytest.mark.parametrize("name", [name for name in TASKS if not getattr(task_of(name), "starts_at_truth", False)])
def test_a_problem_holds_no_mechanism_of_the_truth(name: str) -> None:
    problem = problem_of(name, SEEDS)
    problem.loss(problem.start())
    found = [thing for thing in reachable(problem) if isinstance(thing, Tensor) and thing.dim()]
    tensors = [thing.double() for thing in found if thing.is_floating_point()]
    for value in drawn(name).parameters.values():
        rows = torch.nn.functional.normalize(value.flatten(0, -2), dim=-1)
        for tensor in tensors:
            if tensor.shape[-1] == rows.shape[-1]:
                cosine = torch.nn.functional.normalize(tensor.reshape(-1, tensor.shape[-1]), dim=-1) @ rows.mT
                assert float(cosine.abs().max()) < 1 - 1e-9


def test_some_tasks_are_sampled() -> None:
    assert len(SAMPLED) > 1
