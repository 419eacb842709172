"""The scores of `physgan_cluster_shape`, as PhysGAN's notebooks had them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from plugins.cluster_shape.comparison import (
    Row,
    compare,
    correlation_rows,
    distance_rows,
    moment_rows,
    score_of,
    scores_of,
)
from plugins.cluster_shape.measures import PHYSGAN_REPRESENTATIONS
from plugins.cluster_shape.notes import notes
from plugins.cluster_shape.shapes import all_shapes
from plugins.cluster_shape.two_sample import Estimates
from runner.api import Measurement, Sample


def score(real: Sample, generated: Sample, rng: np.random.Generator) -> Measurement:
    """Scores of all measures in log and in linear amplitude, the headline first.

    Args:
        real: The whole data set in its order, amplitudes [its unit].
        generated: Responses of the model.
        rng: For the bootstrap.

    Raises:
        DataError: Where responses are not images, or an amplitude or its logarithm is negative.
    """
    n = min(len(real), len(generated))
    first = real.take(slice(0, n)), generated.take(slice(0, n))
    shapes = all_shapes(PHYSGAN_REPRESENTATIONS, *first)
    comparisons = [compare(shape, rng) for shape in shapes]
    scores = {"largest_ks": score_of(*comparisons[0].distances.largest, "1", "lower")}
    for shape, comparison in zip(shapes, comparisons, strict=True):
        rows = [
            *distance_rows(comparison),
            *moment_rows(comparison),
            Row("physgan_error", _physgan_error(comparison.deviations[0], len(shape.real)), "sqrt({})", "none"),
            *correlation_rows(shape, comparison, main=shape is shapes[0]),
        ]
        scores |= scores_of(shape, rows)
    empty = "they are left out of the shapes in log, and images of ones in linear amplitude"
    told = notes(shapes, comparisons, *first, empty=empty)
    return Measurement(scores, notes=(*_cut(len(real), len(generated)), *told))


def _physgan_error(deviations: Estimates, events: int) -> Estimates:
    r"""What PhysGAN calls the standard error of a mean, $\sqrt s / \sqrt n$; its error is $\sigma_s / 2 \sqrt{s n}$."""
    value = np.sqrt(deviations.value / events)
    twice = 2 * value * events
    return Estimates(value, np.divide(deviations.error, twice, out=np.zeros_like(value), where=twice != 0))


def _cut(real: int, generated: int) -> Iterator[str]:
    n = min(real, generated)
    for name, events, other in (("real", real, "generated"), ("generated", generated, "real")):
        if events > n:
            yield f"the first {n:,} of {events:,} {name} responses are compared, as many as there are {other} ones"
