"""Conditions and features of an event as one vector, so that a distance between vectors sees how they go together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from plugins.fidelity.conditions import phi
from plugins.fidelity.features import Values, described, features
from plugins.fidelity.moments import ROUNDING
from runner.api import Sample


def vectors(sample: Sample, real: Sample) -> tuple[Values, Values]:
    r"""$\phi(c)$ of the conditions and the thirteen features, each standardised with the real events.

    A feature that is constant in the real events keeps its own unit.

    Args:
        sample: Usable events.
        real: Usable events that define means and standard deviations.

    Returns:
        (events, inputs) and (events, 13).
    """
    return _standardised(phi(sample, real), phi(real, real)), _standardised(features(sample), features(real))


def constants(real: Sample) -> tuple[str, ...]:
    """A note that names the features that are constant in the real events, where there are any."""
    values = features(real)
    varies = _varies(values)
    names = [column.label for column, does in zip(described(real.info), varies, strict=True) if not does]
    if not names:
        return ()
    return (f"constant in the real responses, so that they are in their own units: {', '.join(names)}",)


def spreads(known: Values) -> Values:
    """Standard deviations of the columns, 1 for one that is constant up to rounding, (columns,)."""
    return np.where(_varies(known), known.std(axis=0), 1)


def _standardised(values: Values, known: Values) -> Values:
    standardised: Values = (values - known.mean(axis=0)) / spreads(known)
    return standardised


def _varies(values: Values) -> NDArray[np.bool_]:
    varies: NDArray[np.bool_] = values.std(axis=0) > ROUNDING * np.abs(values).max(axis=0)
    return varies
