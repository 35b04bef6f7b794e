"""Training from many starts: what methods that choose or average among solutions share."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench import GradientMethod, Problem, levenberg_marquardt


@dataclass(frozen=True)
class Found:
    """Parameters (R, S, ...) as trained and as polished; of the latter the fit losses, and which fit, (R, S)."""

    trained: dict[str, Tensor]
    polished: dict[str, Tensor]
    loss: Tensor
    fits: Tensor


@dataclass(frozen=True)
class ManyStarts(GradientMethod):
    """Base of methods that train from many starts, as `adam` does unless `phases` say else, and polish all of them.

    starts: number of starts, 1 or more; start 0 is that of every single-start method.
    polish_steps: at most so many Levenberg-Marquardt steps for each start.
    """

    search: ClassVar[str] = "many starts"
    ranges: ClassVar[dict[str, str]] = {"starts": "[1, inf)", "polish_steps": "[0, inf)"}

    starts: int = 16
    polish_steps: int = 50

    def found(self, problem: Problem) -> Found:
        """The solutions that training finds: the same for all methods that differ in their choice alone."""
        by = next(base for base in type(self).__mro__ if "phases" in vars(base))
        deciding = dataclasses.fields(by if issubclass(by, ManyStarts) else ManyStarts)
        settings = {field.name: getattr(self, field.name) for field in deciding}
        trainer = f"{type(self).phases.__qualname__}, {type(self).rule.__qualname__}"
        return problem.search(f"many starts by {trainer}: {settings}", lambda: self._found(problem))

    def _found(self, problem: Problem) -> Found:
        trained = self.trained(problem, self.starts)
        with torch.no_grad():
            polished, loss = levenberg_marquardt(problem, trained, self.polish_steps)
        return Found(trained, polished, loss, problem.fits(loss))
