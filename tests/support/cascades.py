"""Truths of two short cascades, and parameters near them and far from them."""

from __future__ import annotations

import pytest
import torch
from draws import kernels, truth_from
from torch import Tensor

from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.tasks.truth import Truth

MODELS = [ConvolutionCascade((5, 4), 32), ConvolutionCascade((5, 4), 33, intervened=1)]
each_model = pytest.mark.parametrize("model", MODELS, ids=repr)


def drawn_truth(seed: int, model: ConvolutionCascade, replicates: int = 3) -> Truth:
    return truth_from(model, kernels(seed, model.lengths, replicates))


def other(seed: int, truth: Truth) -> dict[str, Tensor]:
    """Kernels that have nothing to do with the truth."""
    return kernels(seed + 1, truth.model.lengths, truth.replicates)


def near(seed: int, truth: Truth, size: float) -> dict[str, Tensor]:
    """The truth with taps moved by about `size`."""
    drawn = other(seed, truth)
    return {name: value + size * drawn[name] for name, value in truth.parameters.items()}


def padded(value: Tensor, before: int, after: int) -> Tensor:
    return torch.nn.functional.pad(value, (before, after))
