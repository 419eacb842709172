"""Bins of conditions, in which events at like conditions are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plugins.fidelity.features import Values
from runner.api import Condition, Field, Sample

EVENTS_PER_BIN = 20
"""Real events that a bin of a condition has at least, where its values differ."""


def bins_field() -> int:
    """The parameter of a metric that compares in bins of each condition."""
    return Field(10, ge=1, le=1000, description="bins of each condition; fewer where events are few")


def inner_edges(values: NDArray[np.float32], bins: int) -> Values:
    """Edges between bins with equal numbers of events, of which a bin has at least `EVENTS_PER_BIN`."""
    count = min(bins, max(len(values) // EVENTS_PER_BIN, 1))
    inner = np.quantile(values.astype(np.float64), np.arange(1, count) / count)
    below, first = np.unique(np.searchsorted(np.sort(values), inner), return_index=True)
    kept: Values = inner[first[below > 0]]  # one of those without an event between them, none without one below
    return kept


def bins_of(sample: Sample, edges: Sequence[Values]) -> list[NDArray[np.int64]]:
    """Number of each event's bin of each condition, (events,) each; those beyond all edges are in the outer bins."""
    return [
        np.searchsorted(edge, values, side="right") for edge, values in zip(edges, sample.conditions.T, strict=True)
    ]


@dataclass(frozen=True)
class Bins:
    """The bins of a condition.

    Attributes:
        condition: What is cut.
        inner: Edges between the bins, rising: (bins - 1,).
    """

    condition: Condition
    inner: Values

    @property
    def label(self) -> str:
        """The condition in words."""
        return self.condition.name.replace("_", " ")

    @property
    def edges(self) -> Values:
        """With the outer ones, rising: (bins + 1,)."""
        low, high = self.condition.low, self.condition.high
        edges = np.array([low, *self.inner, high])
        if edges[-1] <= edges[-2]:  # the last bin holds the highest value alone
            edges[-1] = edges[-2] + ((edges[-2] - low) / len(self.inner) if len(self.inner) else 1)
        return edges

    def ends(self, number: int) -> str:
        """Both ends of a bin, with the unit."""
        low, high = self.edges[number : number + 2]
        return f"{low:.4g} to {high:.4g} {self.condition.unit}".rstrip()
