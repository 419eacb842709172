"""What a reader of the scores has to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from plugins.cluster_shape.comparison import Comparison
from plugins.cluster_shape.shapes import FEWEST, Shapes, has_hit, is_finite
from runner.api import Sample


def notes(
    shapes: Sequence[Shapes], comparisons: Sequence[Comparison], real: Sample, generated: Sample, *, empty: str
) -> Iterator[str]:
    """Responses that are left out, and scores that are undefined.

    Args:
        shapes: The samples in each representation.
        comparisons: Their comparisons, in the same order.
        real: All responses of the detailed simulation.
        generated: All responses of the model.
        empty: What becomes of responses without a hit, in words.
    """

    def counted(k: int, m: int) -> str:
        return f"{k:,} of {len(real):,} real and {m:,} of {len(generated):,} generated responses"

    samples = real.responses, generated.responses
    empties = [int((~has_hit(responses)).sum()) for responses in samples]
    broken = [int((~is_finite(responses)).sum()) for responses in samples]
    if any(empties):
        yield f"{counted(*empties)} have no hit; {empty}"
    if any(broken):
        yield f"{counted(*broken)} hold NaN or infinite amplitudes; they are left out of the shapes"
    for shape, comparison in zip(shapes, comparisons, strict=True):
        weightless = shape.real.weightless, shape.generated.weightless
        if any(weightless):
            yield (
                f"{counted(*weightless)} have only hits of amplitude 1, which weigh 0 in {shape.title}; "
                "they are left out of its shapes"
            )
        if not shape.enough:
            yield (
                f"{shape.title}: {len(shape.real):,} real and {len(shape.generated):,} generated responses have a "
                f"shape, and a comparison needs {FEWEST} of each: its scores are undefined"
            )
        else:
            yield from _undefined_correlations(shape, comparison)


def _undefined_correlations(shapes: Shapes, comparison: Comparison) -> Iterator[str]:
    samples = zip(("real", "generated"), comparison.correlations, strict=True)
    undefined = {name: np.isnan(found.value) for name, found in samples}  # (conditions, measures)
    for k, condition in enumerate(shapes.conditions):
        for sample, missing in undefined.items():
            labels = [column.label for column, nan in zip(shapes.columns, missing[k], strict=True) if nan]
            if labels:
                which = "every measure" if len(labels) == len(shapes.columns) else ", ".join(labels)
                yield (
                    f"{shapes.title}: the correlation of {condition.name} with {which} is undefined in the {sample} "
                    "sample, where one of the two is constant or fewer than three responses have a shape"
                )
