"""The data of figures, without a word on how they are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runner.api.data import Axis


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
        mark: A value marked by a line, e.g. the detection threshold [unit], or None.
    """

    name: str
    title: str
    label: str
    unit: str
    real: NDArray[np.floating]
    generated: NDArray[np.floating]
    log_y: bool = False
    mark: float | None = None


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
class Profile:
    """Mean and spread of a quantity in bins of a condition in both samples, to be drawn with the pulls of the means.

    Attributes:
        name: snake_case; becomes the file's name.
        title: One line above the figure.
        labels: The condition and the quantity, without units.
        units: Their units, "" for none.
        edges: Edges of the bins, (bins + 1,).
        real: Mean, its standard error and the standard deviation of each bin, (3, bins); NaN where events are too few.
        generated: The same.
    """

    name: str
    title: str
    labels: tuple[str, str]
    units: tuple[str, str]
    edges: NDArray[np.floating]
    real: NDArray[np.floating]
    generated: NDArray[np.floating]


@dataclass(frozen=True)
class Maps:
    """One number per pixel of a response in both samples, to be drawn as two images and their ratio.

    Attributes:
        name: snake_case; becomes the file's name.
        title: One line above the figure.
        label: What a pixel shows, without its unit.
        unit: Its unit, "" for none.
        axes: The two axes of a response.
        real: (axes[0].size, axes[1].size) [unit].
        generated: The same.
        log: Whether colours are on a logarithmic scale.
    """

    name: str
    title: str
    label: str
    unit: str
    axes: tuple[Axis, Axis]
    real: NDArray[np.floating]
    generated: NDArray[np.floating]
    log: bool = False


@dataclass(frozen=True)
class Matrices:
    """Correlation matrices of both samples, to be drawn side by side with their difference.

    Attributes:
        name: snake_case; becomes the file's name.
        title: One line above the figure.
        names: What the rows are.
        columns: What the columns are; the same as `names` for a square matrix.
        real: (names, columns), in [-1, 1]; NaN where undefined.
        generated: The same.
    """

    name: str
    title: str
    names: Sequence[str]
    columns: Sequence[str]
    real: NDArray[np.floating]
    generated: NDArray[np.floating]


@dataclass(frozen=True)
class Curves:
    """Curves with a common x axis, e.g. ROC curves.

    Attributes:
        name: snake_case; becomes the file's name.
        title: One line above the figure.
        labels: What is on the x and on the y axis, without units.
        units: Units of x and y, "" for none.
        curves: Points by the curve's name, (points, 2): x and y.
        band: What real against real gives, (points, 3): x, lowest and highest y; None where there is none.
    """

    name: str
    title: str
    labels: tuple[str, str]
    units: tuple[str, str]
    curves: Mapping[str, NDArray[np.floating]]
    band: NDArray[np.floating] | None = None


@dataclass(frozen=True)
class Bars:
    """Numbers with names, e.g. times per response for several batch sizes.

    Attributes:
        name: snake_case; becomes the file's name.
        title: One line above the figure.
        label: What the numbers are, without their unit.
        unit: Their unit, "" for none.
        names: One for each bar.
        values: (bars,) [unit].
        errors: (bars,) [unit], or None.
        log: Whether the axis is logarithmic.
    """

    name: str
    title: str
    label: str
    unit: str
    names: Sequence[str]
    values: NDArray[np.floating]
    errors: NDArray[np.floating] | None = None
    log: bool = False


Figure = Histogram | Scatter | Profile | Maps | Matrices | Curves | Bars
"""The data of one figure."""
