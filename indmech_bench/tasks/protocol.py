"""What a task must offer: the contract between tasks and the harness."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from torch import Tensor

from indmech_bench.scm.interventions import Family, Intervention
from indmech_bench.scm.models.protocol import Model
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.parameters import START_SCALE, Parameters
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.truth import Truth


class Task(Protocol):
    """One family of SCMs with settings; a frozen dataclass registered under one or more names.

    `TaskBase` has the members that need not be given.
    """

    family: ClassVar[str]
    starts_at_truth: ClassVar[bool]
    """Whether training starts at the truth, which is shown then: a question of its own, never ranked."""
    control: ClassVar[bool]
    """Whether truths are built to have a given rho whatever the settings: a control, no method is ranked by it."""
    shown_by: ClassVar[tuple[str, ...]]
    """Settings that say how much of a truth is shown and not what it is: whatever their values, truths are the same."""
    mechanisms_known: ClassVar[bool]
    """Whether true mechanisms are known; if not, truths are images of the world, and there is no true log rho."""
    natural: ClassVar[dict[str, Any]]
    """Settings under which truths are left as they fall; any other value makes the task a control. A literal."""

    @property
    def start_scale(self) -> float:
        """Standard deviation of the start that a problem offers."""
        ...

    def check(self) -> None:
        """Raise InputError when the settings are out of range; called before anything is drawn or written."""
        ...

    @property
    def model(self) -> Model:
        """The learner's model."""
        ...

    @property
    def phase(self) -> bool:
        """Whether the observation has the phase of the composite."""
        ...

    def interventions(self, streams: Streams) -> Family:
        """The interventions that the task is scored on; `streams` of the truth, for those that are drawn."""
        ...

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        """True parameters (R, ...), each row from its own streams, output of mean power 1, of the learner's shapes."""
        ...

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Observation:
        """What a method is shown of the truth."""
        ...

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        """What is known of each truth (its log rho, its number of solutions): a list of R values a fact."""
        ...

    def transfer(self, truth: Truth, parameters: Parameters, streams: Streams) -> tuple[Truth, Parameters] | None:
        """A further environment and what the parameters of a solution, with one mechanism refitted, are there.

        None where the task has none: no `transfer_error`.
        """
        ...

    def use(self, truth: Truth, law: Callable[[Intervention], Tensor], parameters: Parameters | None) -> Tensor | None:
        """Accuracy (R,) of a classifier that the extrapolated samples of a solution teach, by its law or parameters.

        None where the task asks for none: no `accuracy_extrapolated`.
        """
        ...


class TaskBase:
    """The members of a task that need not be given, as most tasks have them."""

    starts_at_truth: ClassVar[bool] = False
    control: ClassVar[bool] = False
    mechanisms_known: ClassVar[bool] = True
    shown_by: ClassVar[tuple[str, ...]] = ()
    natural: ClassVar[dict[str, Any]] = {}
    start_scale: float = START_SCALE

    def transfer(self, truth: Truth, parameters: Parameters, streams: Streams) -> tuple[Truth, Parameters] | None:
        """There is no further environment."""
        return None

    def use(self, truth: Truth, law: Callable[[Intervention], Tensor], parameters: Parameters | None) -> Tensor | None:
        """There is no classifier."""
        return None
