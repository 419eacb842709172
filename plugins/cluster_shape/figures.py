"""Data of the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from plugins.cluster_shape.measures import REPRESENTATIONS, Values
from plugins.cluster_shape.shapes import Measured, Shapes, has_hit, is_finite
from runner.api import Histogram, Sample, Scatter


def figures(shapes: Sequence[Shapes], real: Sample, generated: Sample) -> Iterator[Histogram | Scatter]:
    """Measures, centres, trends with the conditions in the first representation, and amplitudes of hits.

    Args:
        shapes: The samples in each representation.
        real: All responses of the detailed simulation.
        generated: All responses of the model.
    """
    for shape in (shape for shape in shapes if shape.enough):
        yield from _histograms(shape)
        yield _centres(shape)
    if shapes[0].enough:
        yield from _trends(shapes[0])
    yield from _spectra(real, generated)


def _histograms(shapes: Shapes) -> Iterator[Histogram]:
    for k, column in enumerate(shapes.columns):
        yield Histogram(
            name=f"{shapes.name}_{column.name}",
            title=f"{_capitalised(column.label)} ({shapes.title})",
            label=column.label,
            unit=column.unit,
            real=shapes.real.measures[:, k],
            generated=shapes.generated.measures[:, k],
        )


def _centres(shapes: Shapes) -> Scatter:
    first, second = shapes.columns[:2]
    return Scatter(
        name=f"{shapes.name}_centres",
        title=f"Centres of the responses ({shapes.title})",
        labels=(first.label, second.label),
        units=(first.unit, second.unit),
        real=shapes.real.measures[:, :2],
        generated=shapes.generated.measures[:, :2],
    )


def _trends(shapes: Shapes) -> Iterator[Scatter]:
    for c, condition in enumerate(shapes.conditions):
        label = condition.name.replace("_", " ")
        for k, column in enumerate(shapes.columns):
            yield Scatter(
                name=f"{shapes.name}_{column.name}_against_{condition.name}",
                title=f"{_capitalised(column.label)} against {label} ({shapes.title})",
                labels=(label, column.label),
                units=(condition.unit, column.unit),
                real=_pairs(shapes.real, c, k),
                generated=_pairs(shapes.generated, c, k),
                trend=True,
            )


def _pairs(sample: Measured, condition: int, measure: int) -> Values:
    return np.stack([sample.conditions[:, condition], sample.measures[:, measure]], axis=1)


def _spectra(real: Sample, generated: Sample) -> Iterator[Histogram]:
    """Amplitudes of hits, with and without the logarithm."""
    finite = [sample.responses[is_finite(sample.responses)] for sample in (real, generated)]
    if not all(has_hit(responses).any() for responses in finite):
        return
    amplitudes = [responses[responses > 0] for responses in finite]
    quantity, unit = real.info.quantity, real.info.unit
    logarithms = [np.log(values) for values in amplitudes]
    for name, label, title_unit, (a, b) in (
        (f"{quantity}_spectrum", f"ln {quantity}", REPRESENTATIONS["log"].unit.format(unit), logarithms),
        (f"{quantity}_spectrum_linear", quantity, unit, amplitudes),
    ):
        yield Histogram(name, f"{quantity.capitalize()} of hits", label, title_unit, a, b, log_y=True)


def _capitalised(label: str) -> str:
    return f"{label[0].upper()}{label[1:]}"
