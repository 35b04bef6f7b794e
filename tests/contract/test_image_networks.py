"""The contract of tasks whose mechanisms are not known: images of the world, networks that are trained on them."""

from __future__ import annotations

from functools import lru_cache

import pytest
import torch
from contracts import IMAGE_NETWORKS
from draws import problem_of, task_and_job, truth_of
from torch import Tensor

from indmech_bench.errors import UnsupportedError
from indmech_bench.problem.objective import Objective
from indmech_bench.problem.phase import AdamRule, Phase
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.solution import Solution
from indmech_bench.problem.training import train
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import live
from indmech_bench.scm.generators.model import IMAGES, TRAINING, GeneratorModel
from indmech_bench.scm.parameters import Parameters
from indmech_bench.scoring.scores import score
from indmech_bench.tasks.truth import Truth

SEEDS = (0, 1, 2)
BATCHES = {"last of 2": (5, 2), "first of 3": (2, 0, 7)}
SMALL = [f"{name}:most=64,batch=16" for name in IMAGE_NETWORKS]
each_small = pytest.mark.parametrize("name", SMALL)
pytestmark = pytest.mark.filterwarnings("ignore:lbfgs failed to converge")


@lru_cache
def drawn(name: str, seeds: tuple[int, ...] = SEEDS) -> Truth:
    return truth_of(name, seeds)


def posed(name: str, seeds: tuple[int, ...] = SEEDS) -> Problem:
    return problem_of(name, seeds)


def three_steps(problem: Problem, start: Parameters) -> dict[str, Tensor]:
    return train(problem, start, Phase(Objective(independence=1.0), AdamRule(0.01)), 3)


@each_small
def test_a_world_is_a_function_of_its_seed_alone(name: str) -> None:
    for seeds in BATCHES.values():
        for key, value in drawn(name, seeds).parameters.items():
            assert torch.equal(value[seeds.index(2)], drawn(name).parameters[key][2])


@each_small
def test_no_image_is_both_trained_on_and_held_out(name: str) -> None:
    held_out, seen = drawn(name).parameters[IMAGES].flatten(2), posed(name).observations.flatten(2).double()
    assert held_out.shape[1] == 16
    assert seen.shape[1] == 48
    for one, other in zip(held_out, seen, strict=True):
        cosines = torch.nn.functional.normalize(one, dim=-1) @ torch.nn.functional.normalize(other, dim=-1).mT
        assert float(cosines.max()) < 1 - 1e-6


@each_small
def test_methods_see_images_of_power_one_and_no_others(name: str) -> None:
    shown = posed(name).observations
    assert float((shown.square().mean((1, 2, 3, 4)) - 1).abs().max()) < 1e-10
    scaled = drawn(name).parameters[TRAINING]
    assert torch.allclose(shown, scaled / scaled.square().mean((1, 2, 3, 4), keepdim=True).sqrt(), rtol=1e-9)


@each_small
def test_the_world_has_no_error_and_ignoring_a_stretch_has_one(name: str) -> None:
    truth, problem = drawn(name), posed(name)
    for reference, error in {"oracle": 0.0, "output-intervention": 0.0, "no-intervention": 1.0}.items():
        solution = live(Catalogue.read().find("reference", reference))(problem, truth)
        found = score(truth, solution)
        assert float((found["extrapolation_error"] - error).abs().max()) < 1e-6
        assert not {"log_generic_ratio", "output_error", "parameter_error"} & found.keys()


@each_small
def test_facts_are_numbers_and_no_log_rho(name: str) -> None:
    task = task_and_job(name, ())[0]
    facts = task.facts(drawn(name))
    assert facts["log_generic_ratio"] == [None] * len(SEEDS)
    assert all(0 < value < 10 for key in ("floor_frechet", "floor_sample_distance") for value in facts[key])
    assert ("accuracy_before" in facts) == name.startswith("digits")


@each_small
def test_a_network_has_every_metric_that_its_kind_has(name: str) -> None:
    truth, problem = drawn(name), posed(name)
    solution = problem.solution(problem.start())
    found = score(truth, solution, use=task_and_job(name, ())[0].use)
    wanted = {
        "extrapolation_error",
        "output_error",
        "coarse_distance",
        "fine_change",
        "sample_distance",
        "rms_log_ratio",
    }
    wanted |= {"log_generic_ratio", "pairing_effect"}
    with_encoder = {"posterior_distance", "held_out_loss", "encoder_log_ratio", "encoder_pairing_effect"}
    assert wanted <= found.keys()
    assert (with_encoder & found.keys()) == (with_encoder if truth.model.has_encoder else set())
    assert ("accuracy_extrapolated" in found) == name.startswith("digits")
    # equal weights leave interventions out that hardly move a truth, and all of them are one here
    assert {key for key, value in found.items() if not bool(value.isfinite().all())} <= {"error_equal_weights"}


@each_small
@pytest.mark.parametrize("batch", BATCHES)
def test_a_row_trains_to_the_same_bits_alone_and_in_a_batch(name: str, batch: str) -> None:
    seeds = BATCHES[batch]
    alone, among = posed(name, (2,)), posed(name, seeds)
    one, other = three_steps(alone, alone.start()), three_steps(among, among.start())
    for key, value in one.items():
        assert torch.equal(value[0], other[key][seeds.index(2)]), key


@each_small
def test_a_row_of_nan_changes_no_bit_of_its_neighbours(name: str) -> None:
    problem, beside = posed(name), posed(name)
    start = problem.start()
    before = three_steps(problem, start)
    for value in start.values():
        value[1] = torch.nan
    after = three_steps(beside, start)
    for clean, spoilt in zip(before.values(), after.values(), strict=True):
        assert torch.equal(clean[[0, 2]], spoilt[[0, 2]])
        assert bool(spoilt[1].isnan().all())


@each_small
def test_training_moves_every_parameter(name: str) -> None:
    problem = posed(name, (2,))
    start = problem.start()
    for key, after in three_steps(problem, start).items():
        assert bool((after != start[key]).any()), key


@each_small
def test_a_loss_is_a_function_of_parameters_and_minibatch_alone(name: str) -> None:
    problem = posed(name)
    start = problem.start()
    one, other = (torch.arange(first, first + 16).expand(len(SEEDS), -1) for first in (0, 16))
    assert torch.equal(problem.loss(start, one), problem.loss(start, one))
    assert not torch.equal(problem.loss(start, one), problem.loss(start, other))


@each_small
def test_networks_train_from_one_start(name: str) -> None:
    problem = posed(name)
    with pytest.raises(UnsupportedError, match="from one start"):
        problem.loss(problem.start(starts=2))
    with pytest.raises(UnsupportedError, match="no sum of squares"):
        problem.residuals(problem.start())


def test_the_shared_loop_sees_minibatches_of_the_tasks_size_and_charges_for_them() -> None:
    problem = posed("digits-vae:most=64,batch=16")
    three_steps(problem, problem.start())
    # a step: fit on 16 of 48 images and log rho, each with its gradient
    assert problem.spent.tolist() == pytest.approx([3 * 3 * (16 / 48 + 1)] * len(SEEDS))


def test_a_critic_is_moved_by_the_loop_alone_and_paid_for() -> None:
    problem = posed("digits-gan:most=64,batch=16")
    start = problem.start()
    before = problem.loss(start)
    assert torch.equal(problem.loss(start), before)
    problem.update_nuisance(start, None)
    assert not torch.equal(problem.loss(start), before)
    spent = problem.spent.clone()
    fit_only = Phase(Objective(), AdamRule(0.01))
    train(problem, start, fit_only, 3)
    assert (problem.spent - spent).tolist() == pytest.approx([3 * 3 * 2 * 16 / 48] * len(SEEDS))


def test_steps_on_rho_alone_leave_a_critic_where_it_was() -> None:
    problem = posed("digits-gan:most=64,batch=16")
    start = problem.start()
    before = problem.loss(start)
    train(problem, start, Phase(Objective(fit=0.0, independence=1.0), AdamRule(0.01)), 3)
    assert torch.equal(problem.loss(start), before)


def test_a_critic_learns_to_tell_images_from_noise() -> None:
    problem = posed("textures-gan:most=64,batch=16", (0,))
    silent = {name: 0 * value for name, value in problem.start().items()}
    for _ in range(60):
        problem.update_nuisance(silent, None)
    assert float(problem.loss(silent)) > 0.5  # the critic of silence is far below -0.5


def test_training_an_autoencoder_lowers_the_loss_of_images_it_has_not_seen() -> None:
    truth, problem = drawn("digits-strided-vae", (0,)), posed("digits-strided-vae", (0,))
    start = problem.start()
    ended = train(problem, start, Phase(Objective(), AdamRule(0.003)), 150)
    losses = []
    for parameters in (start, ended):
        own = problem.in_own_scale(parameters)
        found = score(truth, Solution(truth.model.laws(own), own), names=["held_out_loss"])
        losses.append(float(found["held_out_loss"]))
    assert losses[1] < losses[0] / 4


def test_models_of_all_networks_stretch_levels_of_four_places_or_more() -> None:
    for name in SMALL:
        model = task_and_job(name, ())[0].model
        assert isinstance(model, GeneratorModel)
        places = [model.architecture.levels[g.level] for g in model.family().scored]  # type: ignore[union-attr]
        assert places
        assert all(n >= 4 and (1.5 * n).is_integer() for n in places)
