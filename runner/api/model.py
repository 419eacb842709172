"""A trained model as a metric sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runner.api.data import Sample


@dataclass(frozen=True)
class TrainedModel:
    """What generates the responses that are judged.

    Attributes:
        generate: Conditions (events, n) in their units to that many responses, in physical units.
        parameters: Weights of the networks that generate.
        size: Bytes of their files.
        device: What it runs on, e.g. "cpu".
    """

    generate: Callable[[NDArray[np.float32]], Sample]
    parameters: int
    size: int
    device: str
