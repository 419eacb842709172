"""Means and standard deviations in bins, with errors that hold for any distribution, and how to compare them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plugins.fidelity.features import Values

ROUNDING = 1e-9
"""Spread, relative to the values, below which they are constant."""

FEWEST_IN_BIN = 10
"""Events of a sample below which errors of standard deviations are no more than guesses."""


@dataclass(frozen=True)
class Moments:
    """What is known of several columns in each of several bins; NaN where a bin has fewer than two events.

    Attributes:
        events: (bins, 1).
        mean: (bins, columns).
        mean_error: Standard errors of the means, (bins, columns).
        sd: Unbiased standard deviations, (bins, columns).
        sd_error: Their standard errors, (bins, columns).
    """

    events: Values
    mean: Values
    mean_error: Values
    sd: Values
    sd_error: Values


def moments(values: Values, numbers: NDArray[np.int64], bins: int) -> Moments:
    r"""Moments of each column in each bin.

    The error of a mean is $s / \sqrt n$. That of a standard deviation is $\sigma(s^2) / 2s$ with
    $\sigma^2(s^2) = (m_4 - s^4 (n - 3) / (n - 1)) / n$ and the fourth central moment $m_4$: for a Gaussian it is
    the textbook's $s / \sqrt{2n}$, and widths and shares are none. Where values are constant, both errors are 0.

    Args:
        values: (events, columns).
        numbers: Number of each event's bin, (events,), from 0.
        bins: How many there are.

    Reference:
        Particle Data Group, Review of Particle Physics, Statistics (variance of an estimated variance); Cramer,
        Mathematical Methods of Statistics (1946), section 27.4.
    """
    columns = values.shape[1]
    cells = (numbers[:, None] * columns + np.arange(columns)).ravel()

    def sums(of: Values) -> Values:
        total = np.bincount(cells, weights=of.ravel(), minlength=bins * columns)
        return np.asarray(total, np.float64).reshape(bins, columns)

    n = np.bincount(numbers, minlength=bins).astype(np.float64)[:, None]
    n[n < 2] = np.nan
    mean = sums(values) / n
    deviations = values - mean[numbers]
    squares = deviations**2
    variance = sums(squares) / (n - 1)
    variance[variance <= (ROUNDING * np.abs(mean)) ** 2] = 0
    fourth = sums(squares**2) / n
    sd = np.sqrt(variance)
    of_variance = np.sqrt(np.maximum(fourth - variance**2 * (n - 3) / (n - 1), 0) / n)
    sd_error = np.divide(of_variance, 2 * sd, out=sd.copy(), where=sd > 0)
    return Moments(n, mean, sd / np.sqrt(n), sd, sd_error)


def squared_pulls(differences: Values, variances: Values, real: Moments, generated: Moments) -> Values:
    """Squared differences over their variances: the terms of a chi2.

    A variance is 0 where both samples are constant. The term is 0 then if they agree; if they do not, it is the number
    of events of both, which is what the same difference has with the variance of both samples pooled.

    Args:
        differences: Generated minus real, (bins, columns).
        variances: (bins, columns).
        real: Moments of the real events.
        generated: Moments of the generated ones.

    Returns:
        (bins, columns); NaN where either sample has fewer than `FEWEST_IN_BIN` events in a bin.
    """
    scale = np.abs(real.mean) + np.abs(generated.mean)
    terms = np.where(np.abs(differences) <= ROUNDING * scale, 0, real.events + generated.events)
    np.divide(differences**2, variances, out=terms, where=variances > 0)
    # of NaN, which stands for fewer than two events, it is not true that there are enough
    enough = np.minimum(real.events, generated.events) >= FEWEST_IN_BIN
    return np.where(enough, terms, np.nan)


def average(terms: Values) -> float:
    """Mean of the terms that are known; NaN where none is."""
    known = terms[~np.isnan(terms)]
    return float(known.mean()) if known.size else np.nan
