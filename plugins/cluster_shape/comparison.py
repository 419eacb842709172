"""What is compared of the two samples, and its scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plugins.cluster_shape.correlation import correlations
from plugins.cluster_shape.shapes import Shapes
from plugins.cluster_shape.two_sample import (
    Distances,
    Estimates,
    differences,
    distances,
    means,
    standard_deviations,
)
from runner.api import Score


@dataclass(frozen=True)
class Comparison:
    """Both samples in one representation; NaN where there are not enough events.

    Attributes:
        means: Real and generated, (measures,).
        deviations: Real and generated standard deviations, (measures,).
        correlations: Real and generated, (conditions, measures).
        distances: Kolmogorov-Smirnov distances, (measures,).
    """

    means: tuple[Estimates, Estimates]
    deviations: tuple[Estimates, Estimates]
    correlations: tuple[Estimates, Estimates]
    distances: Distances


@dataclass(frozen=True)
class Row:
    """One score of each measure.

    Attributes:
        name: Last part of the scores' names.
        estimates: Values and errors, (measures,); an error is NaN where none is known.
        unit: Format of the unit, given the measure's.
        better: Which way it is good.
    """

    name: str
    estimates: Estimates
    unit: str
    better: str


def compare(shapes: Shapes, rng: np.random.Generator) -> Comparison:
    """Means, standard deviations, correlations and distances.

    Args:
        shapes: Both samples in one representation.
        rng: For the bootstrap of the distances.
    """
    real, generated = shapes.real, shapes.generated
    if not shapes.enough:
        nan = np.full(len(shapes.columns), np.nan)
        table = np.full((len(shapes.conditions), len(shapes.columns)), np.nan)
        unknown, unrelated = Estimates(nan, nan), Estimates(table, table)
        nowhere = Distances(nan, nan, np.stack([nan, nan]))
        return Comparison((unknown, unknown), (unknown, unknown), (unrelated, unrelated), nowhere)
    return Comparison(
        (means(real.measures), means(generated.measures)),
        (standard_deviations(real.measures), standard_deviations(generated.measures)),
        (correlations(real.conditions, real.measures), correlations(generated.conditions, generated.measures)),
        distances(real.measures, generated.measures, rng),
    )


def distance_rows(comparison: Comparison) -> list[Row]:
    """Kolmogorov-Smirnov distances and the differences of the means."""
    ks = comparison.distances
    return [
        Row("ks", Estimates(ks.value, ks.error), "1", "lower"),
        Row("ks_p", Estimates(ks.p_value, np.full_like(ks.p_value, np.nan)), "1", "none"),
        Row("mean_difference", differences(*comparison.means), "{}", "zero"),
    ]


def moment_rows(comparison: Comparison) -> list[Row]:
    """Means and standard deviations of each sample."""
    return [
        Row("real_mean", comparison.means[0], "{}", "none"),
        Row("generated_mean", comparison.means[1], "{}", "none"),
        Row("real_sd", comparison.deviations[0], "{}", "none"),
        Row("generated_sd", comparison.deviations[1], "{}", "none"),
    ]


def correlation_rows(shapes: Shapes, comparison: Comparison, *, main: bool) -> list[Row]:
    """Correlations with each condition.

    Args:
        shapes: Whose conditions.
        comparison: The numbers.
        main: Whether the differences are to be judged by; otherwise they are figures to know.
    """
    rows = []
    for k, condition in enumerate(shapes.conditions):
        real, generated = (Estimates(found.value[k], found.error[k]) for found in comparison.correlations)
        name = f"correlation_{condition.name}"
        rows += [
            Row(f"{name}_real", real, "1", "none"),
            Row(f"{name}_generated", generated, "1", "none"),
            Row(f"{name}_difference", differences(real, generated), "1", "zero" if main else "none"),
        ]
    return rows


def scores_of(shapes: Shapes, rows: Sequence[Row]) -> dict[str, Score]:
    """Scores by name, measure by measure."""
    return {
        f"{shapes.name}_{column.name}_{row.name}": score_of(
            row.estimates.value[k], row.estimates.error[k], row.unit.format(column.unit), row.better
        )
        for k, column in enumerate(shapes.columns)
        for row in rows
    }


def score_of(value: float, error: float, unit: str, better: str) -> Score:
    """A score; an error of NaN is none."""
    return Score(float(value), None if np.isnan(error) else float(error), unit, better)
