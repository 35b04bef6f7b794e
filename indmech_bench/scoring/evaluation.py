"""A solution beside its truth: the laws and divergences that formulas of metrics share, each computed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from indmech_bench.problem.solution import Solution
from indmech_bench.scm.generators.model import IMAGES, GeneratorModel
from indmech_bench.scm.genericity import log_ratio_of_laws
from indmech_bench.scm.interventions import Family, Intervention, Stretch, modulations, stretches
from indmech_bench.scm.models.base import is_null_on_request
from indmech_bench.scm.models.kernels import KernelModel
from indmech_bench.scm.models.linear import LinearCascade
from indmech_bench.scm.parameters import Parameters
from indmech_bench.scoring.metrics import Need
from indmech_bench.scoring.references import best_constant_law
from indmech_bench.tasks.truth import Truth

Use = Callable[[Truth, Callable[[Intervention], Tensor], Parameters | None], Tensor | None]
"""Truth, a solution's law and its parameters -> accuracy (R,) of a classifier that its samples teach; None without."""
Transfer = Callable[[Truth, Parameters], tuple[Truth, Parameters] | None]
"""Truth and a solution's parameters -> a further environment and what is made of it there; None where there is none."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """R solutions and their truths; G interventions. `transfer`, `use`: of the task, where it has them."""

    truth: Truth
    solution: Solution
    transfer: Transfer | None = None
    use: Use | None = None

    def has(self, need: Need) -> bool:
        """Whether there is what a metric needs."""
        shapes = self.truth.model.shapes.keys()
        parameters = self.solution.parameters is not None and self.solution.parameters.keys() == shapes
        network = parameters and isinstance(self.truth.model, GeneratorModel) and IMAGES in self.truth.parameters
        return {
            "parameters": lambda: parameters,
            "known": lambda: parameters and self.truth.parameters.keys() == shapes,
            "invariants": lambda: bool(self.truth.model.invariants(self.truth.parameters)),
            "group": lambda: bool(self.truth.family.group),
            "ratio": lambda: parameters or bool(self.truth.family.group),
            "null": lambda: not is_null_on_request(self.truth.model),
            "searched": lambda: bool(self.truth.family.searched),
            "matrices": lambda: isinstance(self.truth.model, LinearCascade),
            "other": lambda: self.under_others is not None,
            "transfer": lambda: self.elsewhere is not None,
            "use": lambda: self.accuracy is not None,
            "network": lambda: network,
            "encoder": lambda: network and self.network.has_encoder,
        }[need]()

    @property
    def parameters(self) -> dict[str, Tensor]:
        """Those of the solution, for formulas that need them."""
        assert self.solution.parameters is not None
        return self.solution.parameters

    @cached_property
    def law(self) -> Callable[[Intervention], Tensor]:
        """The solution's law: of an autoencoder, what it makes of the images that no network is trained on."""
        if self.has("encoder"):
            return self.network.laws(self.decoding)
        return self.solution.law

    @property
    def decoding(self) -> Parameters:
        """A network's parameters, with the images that its encoder, where it has one, is to read."""
        return {**self.parameters, IMAGES: self.truth.parameters[IMAGES]}

    @property
    def network(self) -> GeneratorModel:
        """The model, where it is a decoder of images."""
        assert isinstance(self.truth.model, GeneratorModel)
        return self.truth.model

    @cached_property
    def samples(self) -> Tensor:
        """Its samples from standard normal codes without intervention, (R, M, C, n, n)."""
        return self.network.samples(self.parameters)

    @cached_property
    def observed(self) -> Tensor:
        """The solution's law without intervention, (R, ...)."""
        return self.law(self.truth.family.identity)

    @cached_property
    def true_observed(self) -> Tensor:
        return self._true_law(self.truth.family.identity)

    @cached_property
    def laws(self) -> Tensor:
        """The solution's laws under the scored interventions, (R, G, ...)."""
        return torch.stack([*map(self.law, self.truth.family.scored)], 1)

    def error_of(self, law: Callable[[Intervention], Tensor]) -> Tensor:
        """e of other laws than the solution's, (R,)."""
        laws = torch.stack([*map(law, self.truth.family.scored)], 1)
        return self.truth.model.geometry.divergence(laws, self.true_laws).sum(-1) / self.moved

    @cached_property
    def true_laws(self) -> Tensor:
        return torch.stack([*map(self._true_law, self.truth.family.scored)], 1)

    @cached_property
    def _true_law(self) -> Callable[..., Tensor]:
        return self.truth.model.laws(self.truth.parameters)

    @cached_property
    def divergence(self) -> Tensor:
        """Of the solution's from the true laws, (R, G)."""
        return self.truth.model.geometry.divergence(self.laws, self.true_laws)

    @cached_property
    def movement(self) -> Tensor:
        """How far each intervention moves the truth, (R, G)."""
        return self.truth.model.geometry.divergence(self.true_observed.unsqueeze(1), self.true_laws)

    @cached_property
    def moved(self) -> Tensor:
        """The same, summed: (R,)."""
        return self.movement.sum(-1)

    @cached_property
    def error(self) -> Tensor:
        """e, (R,)."""
        return self.divergence.sum(-1) / self.moved

    @cached_property
    def fit(self) -> Tensor:
        """Divergence of the observed law, relative to silence: (R,)."""
        space = self.truth.model.geometry
        return space.divergence(self.observed, self.true_observed) / space.power(self.true_observed)

    @cached_property
    def constant_error(self) -> Tensor:
        """e of the best law that ignores the intervention, (R,)."""
        constant = best_constant_law(self.truth).unsqueeze(1)
        return self.truth.model.geometry.divergence(constant, self.true_laws).sum(-1) / self.moved

    @cached_property
    def genericity(self) -> tuple[Tensor, Tensor]:
        """log rho and E_g C(P_g), (R,): by the closed form or, without parameters, from laws under the group."""
        if self.has("parameters"):
            model = self.truth.model
            return model.log_generic_ratio(self.parameters), model.generic_power(self.parameters)
        space = self.truth.model.geometry
        powers = torch.stack([space.power(self.solution.law(g)) for g in self.truth.family.group], 1)
        return log_ratio_of_laws(space.power(self.observed), powers), powers.mean(-1)

    @cached_property
    def gap(self) -> Tensor:
        """`equivalence_gap` of the solution, (R,)."""
        return equivalence_gap(self.truth, self.parameters)

    @cached_property
    def elsewhere(self) -> Evaluation | None:
        """The evaluation in a further environment, where the task draws one."""
        if self.transfer is None or self.solution.parameters is None:
            return None
        transferred = self.transfer(self.truth, self.parameters)
        if transferred is None:
            return None
        truth, fitted = transferred
        return Evaluation(truth, Solution(truth.model.laws(fitted), dict(fitted)))

    @cached_property
    def accuracy(self) -> Tensor | None:
        """Of a classifier that extrapolated samples teach, where the task asks for it: (R,)."""
        return None if self.use is None else self.use(self.truth, self.solution.law, self.solution.parameters)

    @cached_property
    def under_others(self) -> Evaluation | None:
        """The same truths and solutions under the other family of maps on kernels, where it can act on them."""
        if self.solution.parameters is None or not isinstance(self.truth.model, KernelModel):
            return None
        family = other_family(self.truth.family, self.truth.model, self.truth.parameters)
        if family is None:
            return None
        return Evaluation(replace(self.truth, family=family), Solution(self.truth.model.laws(self.parameters)))


def other_family(family: Family, model: KernelModel, parameters: Parameters) -> Family | None:
    """Stretches for modulations and the other way round; None where taps would leave the signal (docs/theory.md)."""
    if isinstance(family.identity, Stretch):
        return modulations(model.n)
    widest = max(g.scale for g in stretches().scored if isinstance(g, Stretch))
    reach = model.intervened_taps(parameters).shape[-1] - 1
    return stretches() if widest * reach < model.n / 2 else None


def equivalence_gap(truth: Truth, parameters: Parameters) -> Tensor:
    """max over the blocks of phi of their relative difference (absolute for the log power): (R,).

    Least over the model's discrete symmetries.
    """
    true = truth.model.invariants(truth.parameters)
    gaps = []
    for same in truth.model.symmetries(parameters):
        learnt = truth.model.invariants(same)
        blocks = []
        for block, value in true.items():
            difference = (learnt[block] - value).norm(dim=-1)
            blocks.append(difference if block == "log_power" else difference / value.norm(dim=-1))
        gaps.append(torch.stack(blocks).amax(0))
    return torch.stack(gaps).amin(0)
