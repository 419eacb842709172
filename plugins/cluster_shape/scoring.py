"""The scores of `cluster_shape`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from plugins.cluster_shape.comparison import (
    Comparison,
    Row,
    compare,
    correlation_rows,
    distance_rows,
    moment_rows,
    score_of,
    scores_of,
)
from plugins.cluster_shape.figures import figures
from plugins.cluster_shape.measures import REPRESENTATIONS
from plugins.cluster_shape.notes import notes
from plugins.cluster_shape.shapes import Shapes, all_shapes, has_hit
from plugins.cluster_shape.two_sample import ratios
from runner.api import Measurement, Sample


def score(representations: Sequence[str], real: Sample, generated: Sample, rng: np.random.Generator) -> Measurement:
    """Scores of all measures, representation by representation, the headline first.

    Args:
        representations: Keys of `REPRESENTATIONS`.
        real: Responses of the detailed simulation, amplitudes [its unit].
        generated: Responses of the model.
        rng: For the bootstrap.

    Raises:
        DataError: Where responses are not images, or an amplitude or its logarithm is negative.
    """
    shapes = all_shapes({name: REPRESENTATIONS[name] for name in representations}, real, generated)
    comparisons = [compare(shape, rng) for shape in shapes]
    scores = {
        "largest_ks": score_of(*comparisons[0].distances.largest, "1", "lower"),
        "empty_responses": score_of(*_empty_fraction(real, generated), "1", "zero"),
    }
    for shape, comparison in zip(shapes, comparisons, strict=True):
        scores |= scores_of(shape, _rows(shape, comparison, main=shape is shapes[0]))
    told = notes(shapes, comparisons, real, generated, empty="they are left out of the shapes")
    return Measurement(scores, tuple(figures(shapes, real, generated)), tuple(told))


def _rows(shapes: Shapes, comparison: Comparison, *, main: bool) -> list[Row]:
    return [
        *distance_rows(comparison),
        Row("sd_ratio", ratios(*comparison.deviations), "1", "one"),
        *moment_rows(comparison),
        *correlation_rows(shapes, comparison, main=main),
    ]


def _empty_fraction(real: Sample, generated: Sample) -> tuple[float, float]:
    r"""Fraction of empty responses, generated minus real, and its error.

    The variance of a fraction k/n is that of its posterior for a flat prior, Beta(k + 1, n - k + 1):
    $p(1 - p) / (n + 3)$ at $p = (k + 1) / (n + 2)$, close to the binomial one, and not 0 where k is.
    """
    if not (len(real) and len(generated)):
        return np.nan, np.nan
    fractions, variances = [], []
    for sample in (real, generated):
        n, k = len(sample), int((~has_hit(sample.responses)).sum())
        p = (k + 1) / (n + 2)
        fractions.append(k / n)
        variances.append(p * (1 - p) / (n + 3))
    return fractions[1] - fractions[0], float(np.sqrt(sum(variances)))
