"""What a metric returns: numbers with errors, and the data its figures are drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Better = Literal["lower", "higher", "zero", "one", "none"]
"""Which way a score is good: small, large, near 0, near 1, or neither (a figure to know)."""


@dataclass(frozen=True)
class Score:
    """One number.

    Attributes:
        value: The score [unit]; NaN where it is undefined.
        error: Its standard error [unit], or None where none is known.
        unit: Unit, where it is not the metric's.
        better: Direction, where it is not the metric's.
    """

    value: float
    error: float | None = None
    unit: str | None = None
    better: Better | None = None


@dataclass(frozen=True)
class Histogram:
    """Values of one quantity in both samples, to be drawn as two histograms on common bins.

    Attributes:
        name: snake_case; becomes the file's name.
        title: One line above the figure.
        label: What is on the x axis, without its unit.
        unit: Unit of the values, "" for none.
        real: (events,) [unit].
        generated: (events,) [unit].
        log_y: Whether counts are drawn on a logarithmic scale.
    """

    name: str
    title: str
    label: str
    unit: str
    real: NDArray[np.floating]
    generated: NDArray[np.floating]
    log_y: bool = False


@dataclass(frozen=True)
class Scatter:
    """Pairs of quantities in both samples, to be drawn as two clouds of points on common axes.

    Attributes:
        name: snake_case; becomes the file's name.
        title: One line above the figure.
        labels: What is on the x and on the y axis, without units.
        units: Units of x and y, "" for none.
        real: (events, 2), x and y.
        generated: (events, 2), x and y.
        trend: Whether the means of y in bins of x are drawn with their errors, and a straight line through them.
    """

    name: str
    title: str
    labels: tuple[str, str]
    units: tuple[str, str]
    real: NDArray[np.floating]
    generated: NDArray[np.floating]
    trend: bool = False


@dataclass(frozen=True)
class Measurement:
    """Result of one metric.

    Attributes:
        scores: By name (snake_case), in the order they are shown.
        figures: Data of the metric's figures.
        notes: What the reader has to know, e.g. how many responses had no hit.
    """

    scores: Mapping[str, Score]
    figures: Sequence[Histogram | Scatter] = field(default=())
    notes: Sequence[str] = field(default=())
