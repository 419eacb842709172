"""How much of two histograms does not overlap, feature by feature."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from plugins.fidelity.bootstrap import estimate, repeats_field
from plugins.fidelity.comparable import comparable
from plugins.fidelity.features import Values, described, features
from runner.api import Field, Measurement, Metric, Params, Sample, Score

OUTSIDE = 0.005
"""Share of the real events below the range of the bins, and above it."""


class Separation(Metric):
    r"""Separation power of thirteen features: 0 for equal histograms, 1 where they do not overlap.

    $\frac{1}{2} \sum_b (p_b - q_b)^2 / (p_b + q_b)$ over the bins of two histograms of area 1; CaloChallenge calls it
    chi2. Bins are of equal width between the 0.5 % and 99.5 % quantiles of the real events, and one more on each side
    holds whatever lies beyond. The headline is the largest over the features: a fault that shows in one of them is not
    averaged away by the others, and real against real has the same advantage of choosing.
    """

    name = "separation"
    unit = "1"
    better = "lower"
    headline = "largest"
    reference = "Krause et al. (CaloChallenge), arXiv:2410.21611; Diefenbacher et al., arXiv:2009.03796"

    class Params(Params):
        """The histograms, and how the errors are found."""

        bins: int = Field(40, ge=2, le=1000, description="bins of a feature, those on the outside apart")
        bootstrap: int = repeats_field()

    def measure(
        self, params: Separation.Params, real: Sample, generated: Sample, rng: np.random.Generator
    ) -> Measurement:
        """The largest separation, the mean, then each feature's.

        Raises:
            DataError: Where responses are not images, or fewer than two real ones are usable.
        """
        pair = comparable(real, generated)
        columns = described(real.info)
        a, b = features(pair.real), features(pair.generated)
        edges = [inner_edges(column, params.bins) for column in a.T]
        bins = max(map(len, edges)) + 1

        def separations(first: Values, second: Values) -> Values:
            return separation(histograms(first, bins), histograms(second, bins))

        found = estimate(separations, binned(a, edges), binned(b, edges), params.bootstrap, rng)
        largest = int(found.value.argmax())
        scores = {
            "largest": Score(found.value[largest], found.replicas.max(axis=1).std(ddof=1)),
            "mean": Score(found.value.mean(), found.replicas.mean(axis=1).std(ddof=1)),
        }
        for column, value, error in zip(columns, found.value, found.error, strict=True):
            scores[column.name] = Score(value, error)
        note = (f"the largest separation is that of {columns[largest].label}",) if pair.enough else ()
        return Measurement(scores, notes=(*pair.notes, *note))


def inner_edges(values: Values, bins: int) -> Values:
    """Edges of at most `bins` bins; what lies below the first or above the last edge has a bin of its own.

    Whole numbers get bins that are whole numbers wide and centred on them. A constant gets one bin.
    """
    low, high = np.quantile(values, (OUTSIDE, 1 - OUTSIDE))
    if (values == np.rint(values)).all():
        low, high = math.floor(low), math.ceil(high)
        width = math.ceil((high - low + 1) / bins)
        return low - 0.5 + width * np.arange(math.ceil((high - low + 1) / width) + 1)
    if high == low:
        return np.array([low, np.nextafter(low, np.inf)])
    return np.linspace(low, high, bins + 1)


def binned(values: Values, edges: list[Values]) -> NDArray[np.int64]:
    """Number of each value's bin, (events, columns), from 0."""
    numbers = [np.searchsorted(edge, column, side="right") for edge, column in zip(edges, values.T, strict=True)]
    return np.stack(numbers, axis=1)


def histograms(numbers: NDArray[np.int64], bins: int) -> Values:
    """Shares of the events, (columns, bins)."""
    return np.stack([np.bincount(column, minlength=bins) for column in numbers.T]) / len(numbers)


def separation(p: Values, q: Values) -> Values:
    """Separation power of each row of two tables of shares, (rows,)."""
    both = p + q
    return 0.5 * np.divide((p - q) ** 2, both, out=np.zeros_like(both), where=both > 0).sum(axis=1)
