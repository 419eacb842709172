"""Conditions as inputs of metrics: a comparison that does not see them cannot see broken conditioning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runner.api import Sample

PERIODIC = ("drift_length", "drift", "pad_coordinate", "pad")
"""Conditions whose fraction of a bin decides where in its pixel a cluster lies."""


def phi(sample: Sample, real: Sample, periodic: Sequence[str] = PERIODIC) -> NDArray[np.float64]:
    r"""Inputs made of the conditions.

    Standardised $c$ and $c^2$ of each condition (widths depend on the magnitude of an angle), and $\sin 2\pi c$,
    $\cos 2\pi c$ of those that are named in `periodic`. A condition that is constant in the real events is left out.

    Args:
        sample: Events whose conditions are asked for.
        real: Events that define mean and standard deviation.
        periodic: Names of conditions in units of a bin.

    Returns:
        (events, inputs); no column for data without conditions.
    """
    columns = []
    for k, condition in enumerate(sample.info.conditions):
        values, known = sample.conditions[:, k].astype(np.float64), real.conditions[:, k].astype(np.float64)
        if np.ptp(known) <= 1e-9 * max(1.0, float(np.abs(known).max(initial=0))):
            continue
        for power in (1, 2):
            columns.append((values**power - (known**power).mean()) / ((known**power).std() or 1.0))
        if condition.name in periodic:
            columns += [np.sin(2 * np.pi * values), np.cos(2 * np.pi * values)]
    return np.column_stack(columns) if columns else np.empty((len(sample), 0))
