"""The contract of tasks: laws, generic power, invariants and derivatives are what THEORY says they are."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from contracts import TASKS, drawn, each_task, posed, task_of
from draws import truth_of
from torch import Tensor

from indmech_bench.scm.images.faces import FacesModel
from indmech_bench.scm.images.fluo import FluoModel
from indmech_bench.scm.images.latent import LatentFaces
from indmech_bench.scm.images.strided import STRIDE, StridedFacesModel
from indmech_bench.scm.interventions import modulations, rotations
from indmech_bench.scm.models.channels import Channels
from indmech_bench.scm.models.environments import SharedConvolution
from indmech_bench.scm.models.fork import Fork
from indmech_bench.scm.models.kernels import KernelModel
from indmech_bench.scm.models.linear import LinearCascade
from indmech_bench.scm.models.linear_environments import LinearEnvironments
from indmech_bench.scm.parameters import flatten
from indmech_bench.scoring.evaluation import equivalence_gap
from indmech_bench.tasks.truth import Truth

WITH_MODEL = {name: task_of(name).model for name in TASKS}
KERNELS = [name for name, model in WITH_MODEL.items() if isinstance(model, KernelModel)]
LINEAR = [name for name, model in WITH_MODEL.items() if isinstance(model, LinearCascade)]
SHARED = [name for name, model in WITH_MODEL.items() if isinstance(model, LinearEnvironments)]
FACES = [name for name, model in WITH_MODEL.items() if isinstance(model, FacesModel)]
IN_PARTS = [name for name in FACES if not isinstance(WITH_MODEL[name], FluoModel)]
IN_COLOUR = [name for name in FACES if name not in IN_PARTS]
SMALL = [name for name in KERNELS if sum(map(math.prod, WITH_MODEL[name].shapes.values())) <= 64]


FROM_CODES = [name for name, model in WITH_MODEL.items() if isinstance(model, LatentFaces)]


KNOWN = [name for name in TASKS if name not in (*FACES, *FROM_CODES)]
"""Those of a model that knows its invariants; the others' pixels have no residuals either."""


def normals(seed: int, *shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


@each_task
def test_the_law_under_the_identity_is_the_observed_one(name: str) -> None:
    truth = drawn(name)
    law = truth.model.law(truth.parameters, truth.family.identity)
    if isinstance(truth.model, KernelModel):
        half = truth.model.half_spectrum(truth.parameters)
        full = torch.cat([half, half[..., 1 : (truth.model.n + 1) // 2].flip(-1)], -1)
        expected = full.flatten(-2) if truth.model.environments else full
    elif isinstance(truth.model, FacesModel):
        expected = shown_spike_by_spike(truth)
    elif isinstance(truth.model, LatentFaces):
        expected = added_spike_by_spike(truth)
    else:
        expected = truth.model.covariance(truth.parameters)
    assert torch.allclose(law, expected, rtol=1e-10, atol=1e-12)


def shown_spike_by_spike(truth: Truth) -> Tensor:
    """Images of layouts, spike by spike: a shape (one an output), its centre on it, is added at each."""
    layouts, shapes, stride = truth.model.layout(truth.parameters), truth.parameters["shape"], stride_of(truth.model)
    size, half = stride * layouts.shape[-1], shapes.shape[-1] // 2
    shapes = shapes.unsqueeze(2) if stride == 1 else shapes  # (R, P, outputs, q, q)
    images = torch.zeros(*layouts.shape[:3], shapes.shape[2], size, size, dtype=layouts.dtype)
    around = torch.arange(shapes.shape[-1]) - half
    for r, f, p, y, x in layouts.nonzero().tolist():
        places = ((stride * y + around) % size)[:, None], ((stride * x + around) % size)[None, :]
        images[r, f, p, :, places[0], places[1]] += layouts[r, f, p, y, x] * shapes[r, p]
    images = images.flatten(2, 3)
    if isinstance(truth.model, FluoModel):
        images = torch.einsum("rfpyx,rfpc->rfcyx", images, truth.parameters["colour"])
    return truth.model.gain * images


def stride_of(model: FacesModel | FluoModel) -> int:
    """Pixels from one place of a layout to the next."""
    return STRIDE if isinstance(model, StridedFacesModel) else 1


def added_spike_by_spike(truth: Truth) -> Tensor:
    """Mean and factor (R, 1 + d, n, n) of layouts of few spikes, their parts added up."""
    layouts, shapes = truth.parameters["layout"], truth.parameters["shape"]
    n, half = layouts.shape[-1], shapes.shape[-1] // 2
    tables = torch.zeros_like(layouts[:, :, 0])
    around = torch.arange(-half, half + 1)
    for r, k, p, y, x in layouts.nonzero().tolist():
        places = ((y + around) % n)[:, None], ((x + around) % n)[None, :]
        tables[r, k][places] += layouts[r, k, p, y, x] * shapes[r, p]
    return truth.model.gain * tables


@pytest.mark.parametrize("name", FROM_CODES)
def test_generic_power_is_the_mean_over_modulations_of_each_parts_layouts(name: str) -> None:
    truth = truth_of(name, [0, 1])
    model, shifts = truth.model, np.random.default_rng(7).integers(0, 16, (2000, 3, 2))
    layout, shape = (torch.fft.fft2(truth.parameters[n], s=(16, 16)) for n in ("layout", "shape"))
    powers = []
    for shift in shifts.tolist():
        moved = torch.stack([torch.roll(layout[:, :, p], shift[p], (-2, -1)) for p in range(3)], 2)
        powers.append((moved * shape.unsqueeze(1)).sum(2).abs().square().sum((1, 2, 3)) / 16**4)
    assert_mean(model.gain**2 * torch.stack(powers, -1), model.generic_power(truth.parameters))


@pytest.mark.parametrize("name", IN_COLOUR)
def test_generic_power_is_the_mean_over_rotations_of_the_space_of_parts(name: str) -> None:
    truth = truth_of(name, [0, 1])
    model, grey, colour = truth.model, truth.model.parts_in_grey(truth.parameters), truth.parameters["colour"]
    turned = [torch.einsum("rfpc,pq->rfqc", colour, g.matrices[0]) for g in rotations(normals(6, 1, 400, 3, 3)).scored]
    powers = [model.painted(grey, colours).square().mean((1, 2, 3, 4)) for colours in turned]
    assert_mean(torch.stack(powers, -1), model.generic_power(truth.parameters))


@pytest.mark.parametrize("name", IN_PARTS)
def test_generic_power_is_the_mean_over_modulations_of_layouts_in_the_plane(name: str) -> None:
    truth = truth_of(f"{name}:faces=2" if name != "toy-faces-single" else name, [0])
    n, stride = truth.model.n, stride_of(truth.model)
    layout = torch.fft.fft2(truth.model.layout(truth.parameters)).abs().square().tile(stride, stride)
    shape = torch.fft.fft2(truth.parameters["shape"], s=(stride * n, stride * n)).abs().square()
    shape = shape.sum(-3) / shape.shape[-3] if stride > 1 else shape
    every = [torch.roll(layout, (a, b), (-2, -1)) * shape.unsqueeze(1) for a in range(n) for b in range(n)]
    power = truth.model.gain**2 * torch.stack(every).mean() / (stride * n) ** 2
    assert torch.allclose(truth.model.generic_power(truth.parameters), power, rtol=1e-10)


@pytest.mark.parametrize("name", KERNELS)
def test_generic_power_is_the_mean_over_all_modulations(name: str) -> None:
    truth = drawn(name)
    law = truth.model.laws(truth.parameters)
    powers = torch.stack([law(g).mean(-1) for g in modulations(truth.model.n).group])
    assert torch.allclose(truth.model.generic_power(truth.parameters), powers.mean(0), rtol=1e-11)


def assert_mean(samples: Tensor, expected: Tensor) -> None:
    """Samples (R, G) have this mean (R,), to within four standard errors."""
    error = samples.std(-1) / samples.shape[-1] ** 0.5
    assert bool(((samples.mean(-1) - expected).abs() < 4 * error).all())


@pytest.mark.parametrize("name", LINEAR)
def test_generic_power_is_the_mean_over_rotations(name: str) -> None:
    truth = drawn(name)
    law = truth.model.laws(truth.parameters)
    drawn_anew = rotations(normals(1, 1, 4000, truth.model.d, truth.model.d))
    powers = torch.stack([law(g).diagonal(dim1=-2, dim2=-1).mean(-1) for g in drawn_anew.scored], -1)
    assert_mean(powers, truth.model.generic_power(truth.parameters))


@pytest.mark.parametrize("name", SHARED)
def test_generic_power_is_the_mean_over_rotations_of_the_sources(name: str) -> None:
    truth = drawn(name)
    model, d = truth.model, truth.model.d
    B = truth.parameters["B"]
    powers = []
    for g in rotations(normals(1, 1, 4000, d, d)).scored:
        sources = [truth.parameters[f"a{e + 1}"].square().diag_embed() for e in range(model.environments)]
        laws = [B @ g.act(source) @ B.mT for source in sources]
        powers.append(torch.stack([law.diagonal(dim1=-2, dim2=-1).mean(-1) for law in laws]).mean(0))
    assert_mean(torch.stack(powers, -1), model.generic_power(truth.parameters))


@each_task
def test_log_rho_is_power_over_generic_power(name: str) -> None:
    truth = drawn(name)
    power = truth.model.geometry.power(truth.model.law(truth.parameters, truth.family.identity))
    ratio = (power / truth.model.generic_power(truth.parameters)).log()
    assert torch.allclose(truth.model.log_generic_ratio(truth.parameters), ratio, atol=1e-12)


def same_laws(model: object, parameters: dict[str, Tensor]) -> list[dict[str, Tensor]]:
    """Other parameters with the same intervened laws."""
    rows = len(next(iter(parameters.values())))
    factor = torch.linspace(0.3, 4.0, rows, dtype=torch.float64)[:, None]
    if isinstance(model, LinearCascade):
        Q = rotations(normals(2, rows, 1, model.d, model.d)).scored[0].matrices
        A, B = parameters["A"], parameters["B"]
        return [{"A": A @ Q, "B": -B}, {"A": factor[..., None] * A, "B": B / factor[..., None]}]
    if isinstance(model, LinearEnvironments):
        order = torch.from_numpy(np.random.default_rng(3).permutation(model.d))
        scale = torch.linspace(-2.0, 2.1, model.d, dtype=torch.float64)
        scaled = {name: value / (scale if name == "B" else 1 / scale) for name, value in parameters.items()}
        return [{name: value[..., order] for name, value in parameters.items()}, scaled]
    assert isinstance(model, KernelModel)
    if isinstance(model, Channels):
        one = {**parameters, "a1": -factor * parameters["a1"], "b1": parameters["b1"] / factor}
        swapped = {name[0] + {"1": "2", "2": "1"}.get(name[1:], name[1:]): value for name, value in parameters.items()}
        return [one, swapped, *({**parameters, name: parameters[name].flip(-1)} for name in model.names)]
    *first, last = model.names
    if isinstance(model, SharedConvolution | Fork):
        moved = {**{name: parameters[name] * factor for name in first}, last: parameters[last] / factor}
    else:
        moved = {**parameters, first[0]: -factor * parameters[first[0]], last: parameters[last] / factor}
    reversals = [{**parameters, name: parameters[name].flip(-1)} for name in model.names]
    return [moved, *reversals]


@pytest.mark.parametrize("name", KNOWN)
def test_parameters_with_the_same_intervened_laws_have_the_same_invariants(name: str) -> None:
    truth = drawn(name)
    true = truth.model.laws(truth.parameters)
    for parameters in same_laws(truth.model, truth.parameters):
        made = truth.model.laws(parameters)
        assert all(torch.allclose(made(g), true(g), rtol=1e-9, atol=1e-11) for g in truth.family.scored)
        assert float(equivalence_gap(truth, parameters).max()) < 1e-9


@pytest.mark.parametrize("name", KNOWN)
def test_parameters_with_other_intervened_laws_have_other_invariants(name: str) -> None:
    truth = drawn(name)
    true, space = truth.model.laws(truth.parameters), truth.model.geometry
    near = {key: value + 0.01 * normals(4, *value.shape) for key, value in truth.parameters.items()}
    for parameters in (near, {key: normals(5, *value.shape) for key, value in truth.parameters.items()}):
        made = truth.model.laws(parameters)
        assert bool(
            (torch.stack([space.divergence(made(g), true(g)) for g in truth.family.scored]).sum(0) > 1e-6).all()
        )
        assert float(equivalence_gap(truth, parameters).min()) > 1e-4


@pytest.mark.parametrize("name", SMALL)
def test_the_gradient_of_the_loss_is_that_of_residuals_and_jacobian(name: str) -> None:
    problem = posed(name)
    parameters = {key: value.requires_grad_() for key, value in problem.start(0.5, starts=2).items()}
    slopes = torch.autograd.grad(problem.loss(parameters).sum(), [*parameters.values()])
    gradient = flatten(dict(zip(parameters, slopes, strict=True)), problem.shapes)
    plain = {key: value.detach() for key, value in parameters.items()}
    product = (problem.jacobian(plain).mT @ problem.residuals(plain).unsqueeze(-1)).squeeze(-1)
    factor = 1 if task_of(name).observation == "samples" else 2
    assert torch.allclose(gradient, factor * product, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", [name for name in KNOWN if task_of(name).observation != "samples"])
def test_squared_residuals_sum_to_the_loss(name: str) -> None:
    problem = posed(name)
    start = problem.start(starts=2)
    assert torch.allclose(problem.residuals(start).square().sum(-1), problem.loss(start), rtol=1e-12)
