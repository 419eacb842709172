"""How the measures of a response follow its conditions."""

from __future__ import annotations

import numpy as np

from plugins.cluster_shape.two_sample import Estimates, Values

FEWEST = 3  # two points lie on a line, whatever they are
_ROUNDING = 1e-12  # relative; a smaller spread is that of the sums


def correlations(conditions: Values, measures: Values) -> Estimates:
    r"""Pearson's correlation of each condition with each measure, with an error that holds for any distribution.

    $r = \overline{z_x z_y}$ with standardised $z_x$, $z_y$, and $\sigma_r = \sqrt{\overline{\psi^2} / n}$ with its
    influence function $\psi = z_x z_y - r (z_x^2 + z_y^2) / 2$. NaN where one of the two is constant, or of fewer than
    three events.

    Args:
        conditions: (events, conditions).
        measures: (events, measures).

    Returns:
        Values and errors, (conditions, measures).

    Reference:
        Devlin, Gnanadesikan, Kettenring, Biometrika 62 (1975) 531: the influence function.
    """
    n = len(conditions)
    if n < FEWEST:
        undefined = np.full((conditions.shape[1], measures.shape[1]), np.nan)
        return Estimates(undefined, undefined)
    x, y = _standardised(conditions)[:, :, None], _standardised(measures)[:, None, :]
    r = (x * y).mean(axis=0)
    psi = x * y - r / 2 * (x**2 + y**2)  # (events, conditions, measures)
    return Estimates(r, np.sqrt((psi**2).mean(axis=0) / n))


def _standardised(values: Values) -> Values:
    """Mean 0 and standard deviation 1, column by column; NaN where a column is constant."""
    deviations = values - values.mean(axis=0)
    sd = deviations.std(axis=0)
    varies = sd > _ROUNDING * np.abs(values).max(axis=0)
    standardised: Values = deviations / np.where(varies, sd, np.nan)
    return standardised
