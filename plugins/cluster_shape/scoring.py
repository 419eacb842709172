"""Scores, figures and notes of the measures in each representation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plugins.cluster_shape.measures import REPRESENTATIONS, Measure, Values, describe, measures
from plugins.cluster_shape.two_sample import (
    Distances,
    Estimates,
    differences,
    distances,
    means,
    ratios,
    standard_deviations,
)
from runner.api import Histogram, Measurement, Sample, Score

FEWEST = 2  # a standard deviation needs two events


@dataclass(frozen=True)
class Shapes:
    """The measures of the responses that have a shape, in one representation.

    Attributes:
        name: The representation.
        columns: What each measure is.
        real: (n, measures).
        generated: (m, measures).
        weightless: Real and generated responses whose hits all weigh 0.
    """

    name: str
    columns: tuple[Measure, ...]
    real: Values
    generated: Values
    weightless: tuple[int, int]

    @property
    def enough(self) -> bool:
        """Whether there are standard deviations to compare."""
        return min(len(self.real), len(self.generated)) >= FEWEST


@dataclass(frozen=True)
class Comparison:
    """Both samples in one representation; NaN where there are not enough events.

    Attributes:
        means: Real and generated.
        deviations: Real and generated standard deviations.
        distances: Kolmogorov-Smirnov distances.
    """

    means: tuple[Estimates, Estimates]
    deviations: tuple[Estimates, Estimates]
    distances: Distances


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
    all_columns = {name: describe(real.info, REPRESENTATIONS[name]) for name in representations}
    samples = real.responses, generated.responses
    with_hits = tuple(images[_finite(images) & _hit(images)] for images in samples)
    shapes = [_shapes(name, columns, *with_hits) for name, columns in all_columns.items()]
    comparisons = [_compare(shape, rng) for shape in shapes]

    scores = {
        "largest_ks": _score(*comparisons[0].distances.largest, "1", "lower"),
        "empty_responses": _score(*_empty_fraction(*samples), "1", "zero"),
    }
    for shape, comparison in zip(shapes, comparisons, strict=True):
        scores |= _scores(shape, comparison)
    return Measurement(scores, tuple(_figures(shapes, real, *with_hits)), tuple(_notes(shapes, *samples)))


def _finite(responses: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Responses without NaN and infinity, (events,)."""
    return np.isfinite(responses).all(axis=(1, 2))


def _hit(responses: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Responses that are not empty, (events,)."""
    return (responses != 0).any(axis=(1, 2))


def _shapes(
    name: str, columns: tuple[Measure, ...], real: NDArray[np.float32], generated: NDArray[np.float32]
) -> Shapes:
    values, weightless = [], []
    for responses in (real, generated):
        weights = REPRESENTATIONS[name].weights(responses)
        weighty = weights.any(axis=(1, 2))
        values.append(measures(weights[weighty]))
        weightless.append(len(weights) - int(weighty.sum()))
    return Shapes(name, columns, values[0], values[1], (weightless[0], weightless[1]))


def _compare(shapes: Shapes, rng: np.random.Generator) -> Comparison:
    real, generated = shapes.real, shapes.generated
    if not shapes.enough:
        nan = np.full(len(shapes.columns), np.nan)
        unknown = Estimates(nan, nan)
        return Comparison((unknown, unknown), (unknown, unknown), Distances(nan, nan, np.stack([nan, nan])))
    return Comparison(
        (means(real), means(generated)),
        (standard_deviations(real), standard_deviations(generated)),
        distances(real, generated, rng),
    )


def _score(value: float, error: float, unit: str, better: str) -> Score:
    return Score(float(value), None if np.isnan(error) else float(error), unit, better)


def _scores(shapes: Shapes, comparison: Comparison) -> dict[str, Score]:
    """By name, measure by measure."""
    ks = comparison.distances
    rows = [  # None: the measure's own unit
        ("ks", Estimates(ks.value, ks.error), "1", "lower"),
        ("ks_p", Estimates(ks.p_value, np.full_like(ks.p_value, np.nan)), "1", "none"),
        ("mean_difference", differences(*comparison.means), None, "zero"),
        ("sd_ratio", ratios(*comparison.deviations), "1", "one"),
        ("real_mean", comparison.means[0], None, "none"),
        ("generated_mean", comparison.means[1], None, "none"),
        ("real_sd", comparison.deviations[0], None, "none"),
        ("generated_sd", comparison.deviations[1], None, "none"),
    ]
    return {
        f"{shapes.name}_{column.name}_{row}": _score(
            estimates.value[k], estimates.error[k], unit or column.unit, better
        )
        for k, column in enumerate(shapes.columns)
        for row, estimates, unit, better in rows
    }


def _empty_fraction(real: NDArray[np.float32], generated: NDArray[np.float32]) -> tuple[float, float]:
    r"""Fraction of empty responses, generated minus real, and its error.

    The variance of a fraction k/n is that of its posterior for a flat prior, Beta(k + 1, n - k + 1):
    $p(1 - p) / (n + 3)$ at $p = (k + 1) / (n + 2)$, close to the binomial one, and not 0 where k is.
    """
    if not (len(real) and len(generated)):
        return np.nan, np.nan
    fractions, variances = [], []
    for responses in (real, generated):
        n, k = len(responses), int((~_hit(responses)).sum())
        p = (k + 1) / (n + 2)
        fractions.append(k / n)
        variances.append(p * (1 - p) / (n + 3))
    return fractions[1] - fractions[0], float(np.sqrt(sum(variances)))


def _figures(
    shapes: Sequence[Shapes], sample: Sample, real: NDArray[np.float32], generated: NDArray[np.float32]
) -> Iterator[Histogram]:
    """A histogram per measure and representation, and the amplitude spectrum."""
    for shape in (shape for shape in shapes if shape.enough):
        title = REPRESENTATIONS[shape.name].title
        for k, column in enumerate(shape.columns):
            yield Histogram(
                name=f"{shape.name}_{column.name}",
                title=f"{column.label[0].upper()}{column.label[1:]} ({title})",
                label=column.label,
                unit=column.unit,
                real=shape.real[:, k],
                generated=shape.generated[:, k],
            )
    if len(real) and len(generated):
        quantity = sample.info.quantity
        yield Histogram(
            name=f"{quantity}_spectrum",
            title=f"{quantity.capitalize()} of hits",
            label=f"ln {quantity}",
            unit=REPRESENTATIONS["log"].unit.format(sample.info.unit),
            real=np.log(real[real > 0]),
            generated=np.log(generated[generated > 0]),
            log_y=True,
        )


def _notes(shapes: Sequence[Shapes], real: NDArray[np.float32], generated: NDArray[np.float32]) -> Iterator[str]:
    def counted(numbers: tuple[int, int]) -> str:
        (k, m), (n, total) = numbers, (len(real), len(generated))
        return f"{k:,} of {n:,} real and {m:,} of {total:,} generated responses"

    empty = int((~_hit(real)).sum()), int((~_hit(generated)).sum())
    broken = int((~_finite(real)).sum()), int((~_finite(generated)).sum())
    if any(empty):
        yield f"{counted(empty)} have no hit; they are left out of the shapes"
    if any(broken):
        yield f"{counted(broken)} hold NaN or infinite amplitudes; they are left out of the shapes"
    for shape in shapes:
        title = REPRESENTATIONS[shape.name].title
        if any(shape.weightless):
            yield (
                f"{counted(shape.weightless)} have only hits of amplitude 1, which weigh 0 in {title}; "
                "they are left out of its shapes"
            )
        if not shape.enough:
            yield (
                f"{title}: {len(shape.real):,} real and {len(shape.generated):,} generated responses have a shape, "
                f"and a comparison needs {FEWEST} of each: its scores are undefined"
            )
