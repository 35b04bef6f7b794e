"""Faces from a latent code: laws as Gaussians, the evidence lower bound, an encoder that is a nuisance."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from draws import problem_of, truth_of
from torch import Tensor

from indmech_bench import Objective, UnsupportedError
from indmech_bench.registry.registration import get_method
from indmech_bench.scm.divergences import Factored, squared_bures_wasserstein_covariances
from indmech_bench.scm.images.latent import LatentFaces
from indmech_bench.scm.interventions import PushForward, orthogonalised
from indmech_bench.scm.observations.elbo import Encoded

TASK = "toy-vae:images=24"
ENCODER = {"encoder.weight", "encoder.log_std"}


def normals(seed: int, *shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def test_the_divergence_is_that_of_means_and_covariances() -> None:
    one, other = normals(0, 5, 4, 2, 3), normals(1, 5, 4, 2, 3)
    covariances = [side[:, 1:].flatten(-2).mT @ side[:, 1:].flatten(-2) for side in (one, other)]
    means = (one[:, 0] - other[:, 0]).square().mean((-2, -1))
    expected = means + squared_bures_wasserstein_covariances(*covariances)
    assert torch.allclose(Factored().divergence(one, other), expected, rtol=1e-6)


def test_a_rotation_of_the_code_changes_no_law() -> None:
    law = normals(2, 3, 5, 4, 4)
    turned = (orthogonalised(normals(3, 3, 4, 4)) @ law[:, 1:].flatten(-2)).unflatten(-1, (4, 4))
    assert float(Factored().divergence(law, torch.cat([law[:, :1], turned], 1)).max()) < 1e-14


def test_a_law_that_is_not_finite_stays_alone() -> None:
    law = normals(4, 3, 5, 4, 4)
    law[1, 2, 0, 0] = torch.nan
    found = Factored().divergence(law, law)
    assert bool(found[1].isnan())
    assert float(found[[0, 2]].abs().max()) < 1e-14


def test_no_law_is_nearer_to_all_than_their_centre() -> None:
    laws = normals(5, 2, 3, 5, 4, 4)
    space, centre = Factored(), Factored().centre(laws)

    def summed(law: Tensor) -> Tensor:
        return space.divergence(law.unsqueeze(1), laws).sum(1)

    for seed in range(5):
        assert bool((summed(centre) <= summed(centre + 0.05 * normals(seed, *centre.shape))).all())
    assert all(bool((summed(centre) < summed(laws[:, g])).all()) for g in range(3))


def test_the_loss_is_the_lower_bound_of_samples_of_codes() -> None:
    problem = problem_of(TASK, [0])
    observed = problem._observation
    assert isinstance(observed, Encoded)
    model, noise = observed.model, observed.noise
    parameters = problem.start(0.7)
    x = problem.observations
    tables, (code, spread) = (
        model.tables(parameters).flatten(-2),
        model.encoded(parameters, x - x.mean(1, keepdim=True)),
    )
    drawn = code + spread * normals(6, 4000, *code.shape)
    wrong = (x - tables[:, :1] - drawn @ tables[:, 1:]).square().mean((-2, -1)).mean(0)
    prior = torch.distributions.kl_divergence(
        torch.distributions.Normal(code, spread.expand_as(code)),
        torch.distributions.Normal(torch.zeros_like(code), torch.ones_like(code)),
    )
    expected = wrong + 2 * noise / model.n**2 * prior.sum(-1).mean(-1)
    assert torch.allclose(problem.loss(parameters), expected, rtol=2e-3)


def test_no_encoder_is_better_than_the_posterior() -> None:
    truth, problem = truth_of(TASK, [0, 1]), problem_of(TASK, [0, 1])
    own = truth.model.rescale(truth.parameters, 1 / problem._scale)
    best = problem.loss(own)
    for name in ENCODER:
        for sign in (-1, 1):
            other = {**own, name: own[name] + sign * 0.05 * own[name].abs().mean() * normals(7, *own[name].shape)}
            assert bool((problem.loss(other) > best - 1e-6).all())


def test_the_encoder_is_in_no_mechanism_and_no_decay() -> None:
    problem = problem_of(TASK, [0])
    assert set(problem.shapes) - {name for names in problem.mechanisms.values() for name in names} == ENCODER
    start = {name: value.requires_grad_() for name, value in problem.start().items()}
    plain, decayed = (Objective(decay=decay).value(problem, start) for decay in (0.0, 1.0))
    for name, slope in zip(
        start, torch.autograd.grad((decayed - plain).sum(), [*start.values()], allow_unused=True), strict=True
    ):
        assert (slope is None or not bool(slope.abs().max() > 1e-12)) == (name in ENCODER), name
    ratio = torch.autograd.grad(problem.log_generic_ratios(start).sum(), [start[n] for n in ENCODER], allow_unused=True)
    assert ratio == (None, None)


def test_training_moves_the_encoder_too_and_minibatches_are_seen() -> None:
    problem = problem_of(TASK, [0, 1])
    whole = get_method("adam:steps=30").fit(problem_of(TASK, [0, 1])).parameters
    batches = get_method("sgd:steps=30,batch=8,learning_rate=0.01").fit(problem_of(TASK, [0, 1])).parameters
    assert whole is not None
    assert batches is not None
    for name, value in problem.in_own_scale(problem.start()).items():
        assert not torch.equal(whole[name], value)
        assert not torch.equal(batches[name], value)


def test_what_needs_a_jacobian_skips_it() -> None:
    problem = problem_of(TASK, [0])
    with pytest.raises(UnsupportedError, match="no sum of squares"):
        problem.residuals(problem.start())
    with pytest.raises(UnsupportedError):
        get_method("levenberg-marquardt").fit(problem)


def test_pictures_are_the_mean_face_and_the_widest_direction_both_ways() -> None:
    model, law = LatentFaces(), normals(8, 2, 5, 16, 16)
    shown = model.pictures(law)
    assert torch.equal(shown[:, 0], law[:, 0])
    assert torch.allclose(shown[:, 1] + shown[:, 2], 2 * law[:, 0])
    turned = (orthogonalised(normals(9, 2, 4, 4)) @ law[:, 1:].flatten(-2)).unflatten(-1, (16, 16))
    again = model.pictures(torch.cat([law[:, :1], turned], 1))
    assert torch.allclose((again[:, 1] - law[:, 0]).abs(), (shown[:, 1] - law[:, 0]).abs(), atol=1e-9)


def test_stretched_layouts_are_stretched_before_the_shapes_are_put_at_them() -> None:
    truth = truth_of(TASK, [0])
    assert isinstance(truth.model, LatentFaces)
    law = truth.model.law(truth.parameters, PushForward("layout", 1.5))
    assert (
        float(Factored().divergence(law, truth.model.output_laws(truth.parameters)(PushForward("layout", 1.5)))) > 0.01
    )
