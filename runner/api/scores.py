"""What a metric returns: numbers with errors, and the data of its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from runner.api.figures import Figure

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
class Measurement:
    """Result of one metric.

    Attributes:
        scores: By name (snake_case), in the order they are shown.
        figures: Data of the metric's figures.
        notes: What the reader has to know, e.g. how many responses had no hit.
    """

    scores: Mapping[str, Score]
    figures: Sequence[Figure] = field(default=())
    notes: Sequence[str] = field(default=())
