"""Faces in colour: two classes of them, and what a solution's samples are worth to a classifier."""

from __future__ import annotations

import torch
from draws import task_and_job, truth_of
from torch import Tensor

from indmech_bench.scm.images.fluo import FluoModel
from indmech_bench.scm.interventions import Intervention
from indmech_bench.tasks.images.fluo import anew, are_far

TASK = "fluo-faces:faces=12"
SEEDS = range(2)


def test_every_other_face_has_eyes_far_apart() -> None:
    assert are_far(truth_of(TASK, SEEDS)).tolist() == [[False, True] * 6] * 2


def test_other_faces_share_shapes_and_differ() -> None:
    truth = truth_of(TASK, SEEDS)
    other = anew(truth, "further faces", 12)
    assert isinstance(other.model, FluoModel)
    assert torch.equal(other.parameters["shape"], truth.parameters["shape"])
    assert not torch.equal(other.parameters["colour"], truth.parameters["colour"])
    assert torch.equal(
        anew(truth_of(TASK, [1]), "further faces", 12).parameters["layout"][0], other.parameters["layout"][1]
    )


def test_the_truths_samples_are_worth_what_truly_intervened_ones_are() -> None:
    truth, (task, _) = truth_of(TASK, SEEDS), task_and_job(TASK, SEEDS)
    facts = task.facts(truth)
    assert task.use(truth, truth.model.laws(truth.parameters), None).tolist() == facts["accuracy_intervened"]
    assert all(0 <= value <= 1 for values in facts.values() for value in values)
    assert sum(facts["accuracy_before"]) < sum(facts["accuracy_intervened"])


def test_samples_that_are_not_finite_have_no_accuracy_and_spoil_no_other() -> None:
    truth, (task, _) = truth_of(TASK, SEEDS), task_and_job(TASK, SEEDS)
    true = truth.model.laws(truth.parameters)

    def law(g: Intervention) -> Tensor:
        images = true(g).clone()
        images[0, 0] = torch.nan
        return images

    found = task.use(truth, law, None)
    assert bool(found[0].isnan())
    assert float(found[1]) == task.facts(truth)["accuracy_intervened"][1]
