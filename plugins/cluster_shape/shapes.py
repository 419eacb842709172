"""The measures of all responses of two samples that have a shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plugins.cluster_shape.measures import Measure, Representation, Values, describe, measures
from runner.api import Condition, Sample

FEWEST = 2  # a standard deviation needs two events


@dataclass(frozen=True)
class Measured:
    """One sample in one representation, the responses that have a shape.

    Attributes:
        measures: (events, measures).
        conditions: Of the same events, (events, conditions).
        weightless: Number of responses with hits that all weigh 0; they are left out.
    """

    measures: Values
    conditions: Values
    weightless: int

    def __len__(self) -> int:
        return len(self.measures)


@dataclass(frozen=True)
class Shapes:
    """Both samples in one representation.

    Attributes:
        name: The representation's, part of the scores' names.
        title: What the weights are, in words.
        columns: What each measure is.
        conditions: What each condition is.
        real: Responses of the detailed simulation.
        generated: Responses of the model.
    """

    name: str
    title: str
    columns: tuple[Measure, ...]
    conditions: tuple[Condition, ...]
    real: Measured
    generated: Measured

    @property
    def enough(self) -> bool:
        """Whether there are standard deviations to compare."""
        return min(len(self.real), len(self.generated)) >= FEWEST


def all_shapes(representations: Mapping[str, Representation], real: Sample, generated: Sample) -> list[Shapes]:
    """Both samples in each representation; finite responses whose weights are not all 0 have a shape.

    Args:
        representations: By name.
        real: Amplitudes [unit of the data].
        generated: Amplitudes, in the same unit.

    Raises:
        DataError: Where responses are not images, or a weight would be negative.
    """
    return [
        Shapes(
            name=name,
            title=representation.title,
            columns=describe(real.info, representation),
            conditions=real.info.conditions,
            real=_measured(representation, real),
            generated=_measured(representation, generated),
        )
        for name, representation in representations.items()
    ]


def _measured(representation: Representation, sample: Sample) -> Measured:
    finite = sample.take(is_finite(sample.responses))
    weights = representation.weights(finite.responses)
    weighty = weights.any(axis=(1, 2))
    weightless = has_hit(finite.responses) & ~weighty
    return Measured(measures(weights[weighty]), finite.conditions[weighty].astype(np.float64), int(weightless.sum()))


def is_finite(responses: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Responses without NaN and infinity, (events,)."""
    return np.isfinite(responses).all(axis=(1, 2))


def has_hit(responses: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Responses that are not empty, (events,)."""
    return (responses != 0).any(axis=(1, 2))
