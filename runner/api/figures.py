"""The data of figures, without a word on how they are drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.api.data import Axis

_FILE_NAME = re.compile(r"[^/.\\][^/\\]{0,199}")
_LONGEST = 500  # characters
_Shape = tuple[int | None, ...]


class _Checked:
    """Data that can be drawn and stored, or an error where they are made.

    Raises:
        ValueError: Where arrays do not have the shapes below, `name` cannot be that of a file, or a text holds what
            cannot be printed.
    """

    name: str

    def __post_init__(self) -> None:
        if not _FILE_NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} cannot be the name of a figure, which is that of a file")
        for text in _texts(list(vars(self).values())):
            if len(text) > _LONGEST or not text.isprintable():
                raise ValueError(f"{self.name}: {text[:60]!a} is no text of a figure")
        for name, array, expected in self._arrays():
            if not isinstance(array, (np.ndarray, tuple)):
                raise ValueError(f"{self.name}: {name} must be a NumPy array, not {type(array).__name__}")
            found = np.shape(array)
            if len(found) != len(expected) or any(b not in (None, a) for a, b in zip(found, expected, strict=True)):
                wanted = ", ".join("any" if size is None else str(size) for size in expected)
                raise ValueError(f"{self.name}: {name} has shape {found}, not ({wanted})")

    def _arrays(self) -> Iterator[tuple[str, Any, _Shape]]:
        """Each array with its name and the shape it must have, None for any size."""
        raise NotImplementedError


def _texts(values: Any) -> Iterator[str]:
    if isinstance(values, str):
        yield values
    elif isinstance(values, Axis):
        yield from (values.name, values.unit)
    elif isinstance(values, (list, tuple, Mapping)):
        for value in values:
            yield from _texts(value)


@dataclass(frozen=True)
class Histogram(_Checked):
    """Values of one quantity in both samples, to be drawn as two histograms on common bins.

    Attributes:
        name: snake_case; becomes the file's name.
        title: One line above the figure.
        label: What is on the x axis, without its unit.
        unit: Unit of the values, "" for none.
        real: (events,) [unit].
        generated: (events,) [unit].
        log_y: Whether counts are drawn on a logarithmic scale.
        mark: The detection threshold, marked by a line [unit], or None.
    """

    name: str
    title: str
    label: str
    unit: str
    real: NDArray[np.floating]
    generated: NDArray[np.floating]
    log_y: bool = False
    mark: float | None = None

    def _arrays(self) -> Iterator[tuple[str, Any, _Shape]]:
        yield "real", self.real, (None,)
        yield "generated", self.generated, (None,)


@dataclass(frozen=True)
class Scatter(_Checked):
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

    def _arrays(self) -> Iterator[tuple[str, Any, _Shape]]:
        yield "labels", self.labels, (2,)
        yield "units", self.units, (2,)
        yield "real", self.real, (None, 2)
        yield "generated", self.generated, (None, 2)


@dataclass(frozen=True)
class Profile(_Checked):
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

    def _arrays(self) -> Iterator[tuple[str, Any, _Shape]]:
        yield "labels", self.labels, (2,)
        yield "units", self.units, (2,)
        yield "edges", self.edges, (None,)
        yield "real", self.real, (3, len(self.edges) - 1)
        yield "generated", self.generated, (3, len(self.edges) - 1)


@dataclass(frozen=True)
class Maps(_Checked):
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

    def _arrays(self) -> Iterator[tuple[str, Any, _Shape]]:
        shape = tuple(axis.size for axis in self.axes)
        yield "axes", self.axes, (2,)
        yield "real", self.real, shape
        yield "generated", self.generated, shape


@dataclass(frozen=True)
class Matrices(_Checked):
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

    def _arrays(self) -> Iterator[tuple[str, Any, _Shape]]:
        shape = (len(self.names), len(self.columns))
        yield "real", self.real, shape
        yield "generated", self.generated, shape


@dataclass(frozen=True)
class Curves(_Checked):
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

    def _arrays(self) -> Iterator[tuple[str, Any, _Shape]]:
        yield "labels", self.labels, (2,)
        yield "units", self.units, (2,)
        for name, points in self.curves.items():
            yield name, points, (None, 2)
        if self.band is not None:
            yield "band", self.band, (None, 3)


@dataclass(frozen=True)
class Bars(_Checked):
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

    def _arrays(self) -> Iterator[tuple[str, Any, _Shape]]:
        yield "values", self.values, (len(self.names),)
        if self.errors is not None:
            yield "errors", self.errors, (len(self.names),)


Figure = Histogram | Scatter | Profile | Maps | Matrices | Curves | Bars
"""The data of one figure."""
