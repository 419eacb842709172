"""A trained model as metrics are given it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.api import TrainedModel
from runner.plan import Plan
from runner.run_directory import RunDirectory

if TYPE_CHECKING:
    from runner.backend.building import Built
    from runner.backend.sampling import Sampler


def uses_model(plan: Plan) -> bool:
    """Whether a metric asks for the model itself."""
    return any("model" in choice.component.uses for choice in plan.metrics)


@dataclass(frozen=True)
class Generating:
    """Networks, what generates with them, and on what: "cpu" or "gpu"."""

    built: Built
    sampler: Sampler
    device: str


def trained_model(plan: Plan, directory: RunDirectory, generating: Generating) -> TrainedModel:
    """What generates, with the size of its networks.

    Args:
        plan: The experiment.
        directory: The run folder, with the saved networks.
        generating: The networks.
    """
    roles = plan.strategy.component.generating or tuple(plan.networks)
    return TrainedModel(
        generate=generating.sampler.at_once,
        parameters=sum(generating.built.networks[role].count_params() for role in roles),
        size=sum((directory.model / f"{role}.h5").stat().st_size for role in roles),
        device=generating.device,
    )
