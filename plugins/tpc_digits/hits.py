"""Hits as they stand in a file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runner.api import DataError

Values = NDArray[np.float64]

_MOST_LISTED = 10
_LONGEST = 40  # characters

NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|nan|inf(?:inity)?)", re.ASCII | re.IGNORECASE)
"""What np.loadtxt reads as a number; float() takes more, such as 4_2."""


@dataclass(frozen=True)
class Hits:
    """All hits of a file, in its order, and then the events that it holds without a hit.

    Attributes:
        path: The file.
        event: Event numbers, (hits + events without a hit,).
        pad: Pads, (hits,).
        time: Time bins, (hits,).
        amplitude: Amplitudes [ADC], (hits,).
        conditions: The event's conditions, beside each event number, (hits + events without a hit, conditions).
        names: Names of the conditions.
        place_of: Where in the file a hit or an event without one stands, e.g. "row 3".
    """

    path: Path
    event: Values
    pad: Values
    time: Values
    amplitude: Values
    conditions: Values
    names: tuple[str, ...]
    place_of: Callable[[int], str]

    def error(self, hit: int, message: str) -> DataError:
        """The error that a hit is at fault for, with file, place and event."""
        event = self.event[hit]
        number = int(event) if np.isfinite(event) and event == np.floor(event) else event
        return DataError(f"{self.path}: {self.place_of(hit)}, event {number}: {message}")


def complaints(names: Sequence[str], expected: Sequence[str], what: str) -> str:
    """What is wrong with the names that a file gives to its columns or conditions, or "".

    Args:
        names: Names in the file.
        expected: Names that are declared.
        what: What they are names of, e.g. "column".
    """
    counts = Counter(names)
    missing = [name for name in expected if name not in counts]
    extra = [name for name in names if name not in expected]
    twice = sorted(name for name, count in counts.items() if count > 1)
    found = (f"misses the {what}", missing), (f"has the extra {what}", extra), (f"has twice the {what}", twice)
    return " and ".join(f"{complaint} {_listed(wrong)}" for complaint, wrong in found if wrong)


def _listed(names: Sequence[str]) -> str:
    return ", ".join([*map(shown, names[:_MOST_LISTED]), *(["..."] if len(names) > _MOST_LISTED else [])])


def shown(text: str) -> str:
    """A text from a file for a message: short, and without control characters."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return cut if cut.isprintable() else ascii(cut)


LIST_ALL = "list every column beside the hits under 'conditions', those you do not need with use: false"
"""What to do where names are missing or too many."""
