"""Detector responses and their description."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.api.stored import Index, StoredArray
from runner.errors import DataError


@dataclass(frozen=True)
class Axis:
    """One axis of a response image.

    Attributes:
        name: What the axis counts, e.g. "pad".
        size: Number of bins.
        unit: Unit of one bin, e.g. "pad" or "time bin"; "" where the name says it.
        start: Detector coordinate of bin 0 [unit].
    """

    name: str
    size: int
    unit: str = ""
    start: float = 0.0


@dataclass(frozen=True)
class Condition:
    """A number every event carries and a generator is told, e.g. the track's crossing angle.

    Attributes:
        name: What it is called, e.g. "crossing_angle".
        unit: Unit, e.g. "deg".
        low: Smallest value the data set declares [unit].
        high: Largest value the data set declares [unit]; equal to `low` for a constant.
        period: Length of a bin [unit], where the fraction of a bin says where in its pixel a cluster lies; None
            for other conditions.

    Raises:
        DataError: Where the period is not a positive number.
    """

    name: str
    unit: str
    low: float
    high: float
    period: float | None = None

    def __post_init__(self) -> None:
        if self.period is not None and not (math.isfinite(self.period) and self.period > 0):
            raise DataError(f"the period of the condition {self.name} must be a positive number, not {self.period:g}")


@dataclass(frozen=True)
class DataInfo:
    """What is known of a data set before it is read.

    Attributes:
        axes: Axes of one response, in array order.
        quantity: What a pixel holds, e.g. "amplitude".
        unit: Its unit, e.g. "ADC".
        threshold: Detection threshold [unit]: smaller amplitudes are not read out, so they are 0.
        conditions: The conditions, in column order; empty for unconditional data.
    """

    axes: tuple[Axis, ...]
    quantity: str
    unit: str
    threshold: float
    conditions: tuple[Condition, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one response."""
        return tuple(axis.size for axis in self.axes)

    @property
    def condition_ranges(self) -> NDArray[np.float32]:
        """Declared lowest and highest values, (2, conditions)."""
        bounds = [[c.low for c in self.conditions], [c.high for c in self.conditions]]
        return np.asarray(bounds, dtype=np.float32)


@dataclass(frozen=True)
class Sample:
    """Events in physical units.

    Attributes:
        info: Description of the data set.
        responses: Amplitudes, 0 where nothing was read out, float32 (events, *info.shape) [info.unit]; a
            `StoredArray` where they do not fit into memory, which metrics and transforms do not see.
        conditions: float32 (events, len(info.conditions)), in the order and units of `info.conditions`.
        event_ids: Event numbers, int64 (events,); the train/validation/test split hashes them.
        notes: What a reader has to tell the user, e.g. how many hits lie outside the window.

    Raises:
        DataError: Where the arrays do not fit each other or `info`.
    """

    info: DataInfo
    responses: NDArray[np.float32]
    conditions: NDArray[np.float32]
    event_ids: NDArray[np.int64]
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        events = len(self.event_ids)
        expected: dict[str, tuple[Any, tuple[int, ...], type[np.generic]]] = {
            "responses": (self.responses, (events, *self.info.shape), np.float32),
            "conditions": (self.conditions, (events, len(self.info.conditions)), np.float32),
            "event_ids": (self.event_ids, (events,), np.int64),
        }
        for name, (array, shape, dtype) in expected.items():
            if array.shape != shape or array.dtype != dtype:
                raise DataError(
                    f"{name} is {array.dtype} {array.shape}, but {events} events of this data set "
                    f"need {np.dtype(dtype)} {shape}"
                )

    def __len__(self) -> int:
        return len(self.event_ids)

    @property
    def stored(self) -> bool:
        """Whether the responses are in a file, not in memory."""
        return isinstance(self.responses, StoredArray)

    def loaded(self) -> Sample:
        """The same events in memory."""
        return replace(self, responses=np.asarray(self.responses)) if self.stored else self

    def take(self, index: Index) -> Sample:
        """The events at `index`, in that order."""
        chosen = index if isinstance(index, slice) else np.asarray(index)
        if isinstance(chosen, np.ndarray) and chosen.dtype != bool:
            chosen = chosen.astype(np.int64)  # an empty list makes an array of floats
        some: Any = self.responses
        responses = some.take(chosen) if self.stored else some[chosen]
        return Sample(self.info, responses, self.conditions[chosen], self.event_ids[chosen], self.notes)
