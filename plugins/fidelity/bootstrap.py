"""Errors of numbers that compare two samples: the same numbers of samples drawn with repetition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from plugins.fidelity.comparable import FEWEST
from plugins.fidelity.features import Values
from runner.api import Field

REPEATS = 30
"""Pairs of samples; thirty fix an error to 13 %."""


def repeats_field() -> int:
    """The parameter of a metric whose errors are found by bootstrap."""
    return Field(REPEATS, ge=2, description="pairs of samples drawn with repetition for the errors")


@dataclass(frozen=True)
class Estimate:
    """Numbers and how they scatter.

    Attributes:
        value: (numbers,).
        replicas: The numbers of samples drawn with repetition, (repeats, numbers).
    """

    value: Values
    replicas: Values

    @property
    def error(self) -> Values:
        """Standard deviations of the replicas, (numbers,)."""
        return self.replicas.std(axis=0, ddof=1)


def estimate(
    statistic: Callable[[Values, Values], Values],
    real: Values,
    generated: Values,
    repeats: int,
    rng: np.random.Generator,
) -> Estimate:
    """A statistic of two samples; events are drawn whole, so that correlations between columns are kept.

    Args:
        statistic: Rows of both samples to (numbers,).
        real: (n, columns), at least two rows.
        generated: (m, columns); NaN is returned where there are fewer than two rows.
        repeats: Pairs of samples.
        rng: For the samples.
    """
    if len(generated) < FEWEST:
        unknown = np.full_like(statistic(real, real), np.nan)
        return Estimate(unknown, np.stack([unknown, unknown]))
    replicas = [statistic(_drawn(real, rng), _drawn(generated, rng)) for _ in range(repeats)]
    return Estimate(statistic(real, generated), np.stack(replicas))


def _drawn(rows: Values, rng: np.random.Generator) -> Values:
    return rows[rng.integers(len(rows), size=len(rows))]
