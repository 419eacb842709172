"""Conditions as inputs of metrics: a comparison that does not see them cannot see broken conditioning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner.api import Sample


def phi(sample: Sample, real: Sample) -> NDArray[np.float64]:
    r"""Inputs made of the conditions.

    Standardised $c$ and $c^2$ of each condition (widths depend on the magnitude of an angle), and
    $\sin 2\pi c/p$, $\cos 2\pi c/p$ of those with a period $p$. A condition that is constant in the real events is left
    out.

    Args:
        sample: Events whose conditions are asked for.
        real: Events that define mean and standard deviation.

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
        if condition.period:
            phase = 2 * np.pi * values / condition.period
            columns += [np.sin(phase), np.cos(phase)]
    return np.column_stack(columns) if columns else np.empty((len(sample), 0))
