"""Checks of a task's truths and of what is shown of them (docs/theory.md)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from indmech_bench.conformance.findings import CheckFailedError
from indmech_bench.conformance.setups import SALT, SEEDS, Setup, listed
from indmech_bench.problem.problem import Problem
from indmech_bench.scoring.references import observed_law
from indmech_bench.tasks.truth import Truth

BATCHES = ((3,), (14, 15, 3), (3, 12, 3))
FACTS = ("family", "intervention", "genericity", "solutions", "independence")
MEMBERS = (
    "check", "model", "phase", "interventions", "sample", "observe", "facts",
    "starts_at_truth", "control", "mechanisms_known", "natural", "start_scale", "transfer", "use",
)  # fmt: skip
OF_THE_MODEL = (
    "geometry", "environments", "shapes", "mechanisms", "start_scales", "degrees_of_freedom", "rescale",
    "laws", "law", "output_laws",
    "generic_power", "log_generic_ratio", "log_generic_ratios", "invariants", "symmetries", "parameter_error",
)  # fmt: skip
LEAST_MOVE = 0.0099
SAME_RATIO = 0.005
"""log rho of truths that are left as they fall differs by more than 0.1 among the four seeds of every shipped task."""


def members(setup: Setup) -> None:
    """Task and model have every member of their protocols; the model can be hashed."""
    for owner, names in ((setup.live, MEMBERS), (setup.live.model, OF_THE_MODEL)):
        missing = [name for name in names if not hasattr(owner, name)]
        if missing:
            raise CheckFailedError(
                f"{type(owner).__name__} has no {', '.join(missing)}", "see indmech_bench.Task and indmech_bench.Model"
            )
    hash(setup.live.model)


def facts(setup: Setup) -> str | None:
    """The registration says what a listing shows; facts of truths are numbers, log rho among them; controls say so."""
    known = {**setup.task.entry.facts, **setup.task.settings}
    missing = [name for name in FACTS if not (isinstance(known.get(name), str) and known[name])]
    if missing:
        raise CheckFailedError(f"the class does not say its {missing[0]}", f"give ClassVar[str]: {', '.join(FACTS)}")
    if setup.task.entry.version < 1:
        raise CheckFailedError(f"version is {setup.task.entry.version}", "count versions from 1")
    known_facts = setup.live.facts(setup.truth())
    if "log_generic_ratio" not in known_facts:
        raise CheckFailedError("facts(truth) has no log_generic_ratio", "give log rho of each truth")
    for name, values in known_facts.items():
        numbers = [value is None or (isinstance(value, int | float) and math.isfinite(value)) for value in values]
        if len(numbers) != len(SEEDS) or not all(numbers):
            raise CheckFailedError(f"fact '{name}' is {values!r}", "a list with a number or None for each truth")
    ratios = [value for value in known_facts["log_generic_ratio"] if value is not None]
    if setup.task.control:
        return "a control: tables show it and rank nobody by it"
    if ratios and max(ratios) - min(ratios) < SAME_RATIO:
        seen = f"all truths have log rho {sum(ratios) / len(ratios):.3g}, and the task is no control"
        raise CheckFailedError(seen, "say so by the ClassVar `natural`, or register with control=True")
    return None


UNKNOWN = "the world's mechanisms are not known: not checked"


def shapes(setup: Setup) -> str | None:
    """Truths are finite float64 tensors of the learner's shapes."""
    if not setup.live.mechanisms_known:
        return UNKNOWN
    truth = setup.truth()
    wanted = {name: (len(SEEDS), *shape) for name, shape in truth.model.shapes.items()}
    drawn = {name: tuple(value.shape) for name, value in truth.parameters.items()}
    if drawn != wanted:
        raise CheckFailedError(f"sample gives {drawn}, the learner has {wanted}", "draw the learner's shapes, R first")
    for name, value in truth.parameters.items():
        if value.dtype != torch.float64 or not bool(value.isfinite().all()):
            raise CheckFailedError(f"{name} is {value.dtype}, or not finite", "draw finite float64 numbers")
    return None


def seed(setup: Setup) -> None:
    """A truth, its interventions and its observation are functions of its seed alone; seeds differ."""
    change = "draw from streams.generators(...) or streams.randn alone, row by row"
    for seeds in BATCHES:
        truth, problem = setup.truth(seeds), setup.problem(seeds)
        for r in (i for i, drawn_seed in enumerate(seeds) if drawn_seed == 3):
            for name, value in setup.truth().parameters.items():
                if not torch.equal(truth.parameters[name][r], value[3]):
                    raise CheckFailedError(
                        f"{name} of seed 3 is another among seeds {seeds} than among {SEEDS}", change
                    )
            if not torch.equal(problem.observations[r], setup.problem().observations[3]):
                raise CheckFailedError(f"the observation of seed 3 is another among seeds {seeds}", change)
        if not all(_equal(g, h, seeds.index(3)) for g, h in zip(*_families(setup, seeds), strict=True)):
            raise CheckFailedError(f"interventions of seed 3 are others among seeds {seeds}", change)
    for name, value in setup.draw().parameters.items():
        if not torch.equal(value, setup.truth().parameters[name]):
            raise CheckFailedError(f"{name} is another when drawn a second time", change)
    rows = {tuple(torch.cat([v[r].flatten() for v in setup.truth().parameters.values()]).tolist()) for r in range(4)}
    if len(rows) < len(SEEDS):
        raise CheckFailedError("two seeds have one truth", change)


def _families(setup: Setup, seeds: tuple[int, ...]) -> Iterator[tuple[Any, ...]]:
    for truth in (setup.truth(seeds), setup.truth()):
        yield (truth.family.identity, *truth.family.scored)


def _equal(g: Any, h: Any, r: int) -> bool:
    """Whether an intervention is that of row 3 of SEEDS; those drawn by the seed hold tensors (R, ...)."""
    if g == h:
        return True
    tensors = [(tensor, vars(h)[name]) for name, tensor in vars(g).items() if isinstance(tensor, Tensor)]
    return bool(tensors) and all(torch.equal(tensor[r], same_tensor[3]) for tensor, same_tensor in tensors)


def power(setup: Setup) -> None:
    """Output and observation have mean power 1, so that the power does not give rho away."""
    truth = setup.truth()
    mean_power = truth.model.geometry.power(observed_law(truth))
    if float((mean_power - 1).abs().max()) > 1e-10:
        raise CheckFailedError(
            f"mean power of the output is {listed(mean_power)}", "divide the first mechanism by its root (unit_power)"
        )


def moves(setup: Setup) -> None:
    """Interventions move every truth by a hundredth of its power on average."""
    truth = setup.truth()
    law, space = truth.model.laws(truth.parameters), truth.model.geometry
    moved = torch.stack([space.divergence(law(truth.family.identity), law(g)) for g in truth.family.scored]).mean(0)
    if not bool((moved >= LEAST_MOVE).all()):
        raise CheckFailedError(
            f"interventions move the truths by {listed(moved)} of their power", "redraw truths that move less than 0.01"
        )


def truth_fits(setup: Setup) -> str | None:
    """Without noise the truth has no loss and fits, and a random start does not."""
    if not setup.live.mechanisms_known:
        return UNKNOWN
    problem = setup.problem()
    loss, start = problem.loss(setup.seen_truth()), problem.loss(problem.start())
    at_truth = setup.live.starts_at_truth
    if not setup.noise_free:
        if not at_truth and not bool((loss < start).all()):
            raise CheckFailedError(
                f"the loss is {listed(loss)} at the truth, {listed(start)} at a start", "see observe"
            )
        return "noisy: the truth is nearer than a start, no more is checked"
    if float(loss.max()) > 1e-16:
        raise CheckFailedError(f"the loss is {listed(loss)} at the truth", "observe what the model makes of parameters")
    fits = problem.fits(torch.stack([start, loss], -1))
    if not at_truth and fits.tolist() != [[False, True]] * len(SEEDS):
        raise CheckFailedError(f"fits says {fits.tolist()} of a start and the truth", "see Observation.fits")
    return None


def scale(setup: Setup) -> str | None:
    """The scale of a mechanism changes no bit of what is shown."""
    if not setup.noise_free:
        return "noisy: not checked"
    truth = setup.truth()
    environments = truth.model.environments
    factor = torch.full((len(SEEDS), environments) if environments else (len(SEEDS),), 4.0, dtype=torch.float64)
    plain, _ = setup.normalised(truth.parameters)
    louder, _ = setup.normalised(truth.model.rescale(truth.parameters, factor))
    if not torch.equal(plain.shown, louder.shown):
        raise CheckFailedError("the observation of a truth 4 times as loud is another", "normalise what is shown")
    return None


def leak(setup: Setup) -> str | None:
    """What a method can reach from its problem holds no truth, task, setting, seed or salt."""
    problem = setup.pose((4321, 1234))
    problem.loss(problem.start())
    truth = setup.truth((4321, 1234))
    at_truth = setup.live.starts_at_truth
    mechanisms = [] if not setup.live.mechanisms_known else [*truth.parameters.values()]
    mechanisms = [torch.nn.functional.normalize(v.flatten(0, -2), dim=-1) for v in mechanisms]
    for thing in reachable(problem):
        if isinstance(thing, type(setup.live) | Truth):
            raise CheckFailedError(f"the problem holds a {type(thing).__name__}", "observations must not keep the task")
        if isinstance(thing, str) and (setup.task.name in thing or SALT in thing):
            raise CheckFailedError(f"the problem holds the text '{thing[:60]}'", "observations must not keep names")
        if isinstance(thing, Tensor) and thing.is_floating_point() and thing.dim() and not at_truth:
            for true in mechanisms:
                if 1 < true.shape[-1] == thing.shape[-1]:
                    rows = torch.nn.functional.normalize(thing.detach().double().reshape(-1, thing.shape[-1]), dim=-1)
                    if float((rows @ true.mT).abs().max()) > 1 - 1e-9:
                        raise CheckFailedError("the problem holds a true mechanism", "show the law, no more")
    return "training starts at the truth, which is shown" if at_truth else None


def reachable(problem: Problem) -> Iterator[Any]:
    """Everything that a method can get hold of from its problem."""
    waiting: list[Any] = [problem]
    seen: set[int] = set()
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, type):
            continue
        seen.add(id(thing))
        yield thing
        if isinstance(thing, dict):
            waiting += [*thing.keys(), *thing.values()]
        elif isinstance(thing, list | tuple | set):
            waiting += list(thing)
        elif not isinstance(thing, Tensor):
            waiting += list(getattr(thing, "__dict__", {}).values())
