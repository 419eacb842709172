"""Hits as they stand in a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runner.api import DataError

Values = NDArray[np.float64]

NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|nan|inf(?:inity)?)", re.ASCII | re.IGNORECASE)
"""What np.loadtxt reads as a number; float() takes more, such as 4_2."""


@dataclass(frozen=True)
class Hits:
    """All hits of a file, in its order.

    Attributes:
        path: The file.
        event: Event numbers, (hits,).
        pad: Pads, (hits,).
        time: Time bins, (hits,).
        amplitude: Amplitudes [ADC], (hits,).
        conditions: The event's conditions, beside each of its hits, (hits, conditions).
        names: Names of the conditions.
        row_of: Line of the file, counted from 1, that a hit stands in.
    """

    path: Path
    event: Values
    pad: Values
    time: Values
    amplitude: Values
    conditions: Values
    names: tuple[str, ...]
    row_of: Callable[[int], int]

    def error(self, hit: int, message: str) -> DataError:
        """The error that a hit is at fault for, with file, row and event."""
        event = self.event[hit]
        number = int(event) if np.isfinite(event) and event == np.floor(event) else event
        return DataError(f"{self.path}: row {self.row_of(hit)}, event {number}: {message}")
