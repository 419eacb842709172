"""Kernel distance of two samples with their conditions."""

from __future__ import annotations

import numpy as np

from plugins.fidelity.comparable import comparable
from plugins.fidelity.features import Values
from plugins.fidelity.vectors import constants, vectors
from runner.api import Field, Measurement, Metric, Params, Sample, Score

FEWEST = 4
"""Events of a sample of which half still has pairs."""


class KernelDistance(Metric):
    r"""Squared maximum mean discrepancy between thirteen features and the conditions: 0 in the mean for equal samples.

    $\overline{k(x, x')} + \overline{k(y, y')} - 2\, \overline{k(x, y)}$ over pairs of different events, with
    $k(x, y) = (x \cdot y / d + 1)^4$ of the $d$ numbers of $[\phi(c), f]$, conditions and features standardised
    with the real events: means, covariances and moments up to the fourth are compared. The score is the median over
    batches drawn without repetition. Without conditions the vector is that of the features, whose distance is KPD.
    """

    name = "kernel_distance"
    unit = "1"
    better = "lower"
    headline = "distance"
    reference = "Kansal et al., arXiv:2211.10295; Gretton et al., JMLR 13 (2012) 723"

    class Params(Params):
        """The batches."""

        batches: int = Field(20, ge=2, le=1000, description="batches, of which the median is taken")
        batch: int = Field(1000, ge=2, le=10_000, description="events of each sample in a batch, at most half of all")

    def measure(
        self, params: KernelDistance.Params, real: Sample, generated: Sample, rng: np.random.Generator
    ) -> Measurement:
        """The distance with the conditions, and that of the features alone.

        Raises:
            DataError: Where responses are not images, or fewer than two real ones are usable.
        """
        pair = comparable(real, generated)
        events = min(len(pair.real), len(pair.generated))
        if events < FEWEST:
            unknown = Score(np.nan)
            note = f"batches need {FEWEST} usable responses of either sample: the scores are undefined"
            return Measurement({"distance": unknown, "unconditional": unknown}, notes=(*pair.notes, note))
        size = min(params.batch, events // 2)
        (given, a), (asked, b) = (vectors(sample, pair.real) for sample in (pair.real, pair.generated))
        found = np.empty((params.batches, 2))
        for batch in found:
            i, j = (rng.choice(len(rows), size, replace=False) for rows in (a, b))
            batch[1] = mmd2(a[i], b[j])
            batch[0] = mmd2(np.hstack([given[i], a[i]]), np.hstack([asked[j], b[j]])) if given.size else batch[1]
        # batches are parts of the same events: the scatter of parts of b of n events, times b / (n - b), is the
        # variance of a number that is found with all (delete-d jackknife)
        errors = found.std(axis=0, ddof=1) * np.sqrt(size / (events - size))
        numbers = zip(("distance", "unconditional"), np.median(found, axis=0), errors, strict=True)
        scores = {name: Score(value, error) for name, value, error in numbers}
        return Measurement(scores, notes=(*pair.notes, *constants(pair.real)))


def mmd2(real: Values, generated: Values) -> float:
    r"""Unbiased squared maximum mean discrepancy, with $k(x, y) = (x \cdot y / d + 1)^4$.

    Args:
        real: (n, d), at least two rows.
        generated: (m, d), at least two rows.
    """
    return _between_others(real) + _between_others(generated) - 2 * float(kernel(real, generated).mean())


def kernel(first: Values, second: Values) -> Values:
    """Of each pair, (len(first), len(second))."""
    value: Values = first @ second.T / first.shape[1] + 1
    value *= value
    value *= value
    return value


def _between_others(rows: Values) -> float:
    """Mean kernel of pairs of different events."""
    table = kernel(rows, rows)
    return float((table.sum() - np.trace(table)) / (len(rows) * (len(rows) - 1)))
