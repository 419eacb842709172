"""How strategies, networks, losses and the training loop meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Signature:
    """Inputs and output of a network, without the batch axis.

    Attributes:
        inputs: Shape by input name, e.g. ``{"latent": (31,), "conditions": (1,)}``. Three names have a fixed
            meaning: "responses" (the data's shape), "conditions" (their number,), "latent" (noise, any length).
        output: Shape of the output.
    """

    inputs: Mapping[str, Shape]
    output: Shape


@dataclass(frozen=True)
class Role:
    """What a strategy asks of the network in one role.

    Attributes:
        inputs: Input names the strategy feeds, "conditions" aside: that one is present exactly where the
            data have conditions.
        output: "responses" where the output must have the data's shape, "any" otherwise.
        descends: Whether it has an optimizer; not so for one whose weights the strategy sets by itself.
    """

    inputs: tuple[str, ...]
    output: Literal["responses", "any"] = "any"
    descends: bool = True


@dataclass(frozen=True)
class Slot:
    """A place for a loss in a strategy.

    Attributes:
        signature: Arguments and result of the callable that goes here, in words.
        required: Whether an experiment must fill it.
    """

    signature: str
    required: bool = True


class TrainingStep(Protocol):
    """What a strategy's ``train_step`` receives, traced once into a compiled graph.

    Each call gives the next batch or the next seed of this step; both are pure functions of the experiment's
    seed, the step number and how many were asked for before.
    """

    def batch(self) -> tuple[Any, Any]:
        """Next training batch: responses (batch, *shape) and conditions (batch, n), both transformed."""

    def seed(self) -> Any:
        """Next seed for ``tf.random.stateless_*``: an int32 tensor (2,)."""


@dataclass(frozen=True)
class CallbackContext:
    """The run a callback watches.

    Attributes:
        directory: The run folder; a callback writes below a folder of its own name in it.
        name: The experiment's name.
        steps: Number of training steps asked for.
    """

    directory: Path
    name: str
    steps: int

    def gallery(self, step: int) -> Path:
        """Picture of the responses generated at a checkpoint."""
        return self.directory / "figures" / "training" / f"step-{step:09d}.png"
