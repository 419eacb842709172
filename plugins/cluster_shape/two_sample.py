"""How two samples of several measures differ, one column each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Values = NDArray[np.float64]

BOOTSTRAPS = 50  # the relative error of a standard deviation from 50 replicas is 10%


@dataclass(frozen=True)
class Estimates:
    """One number per measure with its standard error.

    Attributes:
        value: (measures,).
        error: (measures,).
    """

    value: Values
    error: Values


def means(values: Values) -> Estimates:
    r"""Means with their standard errors $s / \sqrt n$, s the unbiased standard deviation.

    Args:
        values: (events, measures), at least two events.
    """
    return Estimates(values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values)))


def standard_deviations(values: Values) -> Estimates:
    r"""Unbiased standard deviations s with errors that hold for any distribution.

    $\sigma_s = \sigma(s^2) / 2s$ with $\sigma^2(s^2) = (m_4 - s^4 (n-3)/(n-1)) / n$ and the fourth central moment m4.

    Args:
        values: (events, measures), at least two events.
    """
    n = len(values)
    variance = values.var(axis=0, ddof=1)
    fourth = ((values - values.mean(axis=0)) ** 4).mean(axis=0)
    sd = np.sqrt(variance)
    error_of_variance = np.sqrt(np.maximum(fourth - variance**2 * (n - 3) / (n - 1), 0) / n)
    return Estimates(sd, np.divide(error_of_variance, 2 * sd, out=np.zeros_like(sd), where=sd > 0))


def differences(real: Estimates, generated: Estimates) -> Estimates:
    """Generated minus real, for independent samples."""
    return Estimates(generated.value - real.value, np.hypot(real.error, generated.error))


def ratios(real: Estimates, generated: Estimates) -> Estimates:
    """Generated over real, for independent samples; NaN where the real value is 0."""
    undefined = np.full_like(real.value, np.nan)
    ratio = np.divide(generated.value, real.value, out=undefined.copy(), where=real.value > 0)
    error = np.hypot(generated.error, ratio * real.error)
    return Estimates(ratio, np.divide(error, real.value, out=undefined, where=real.value > 0))


@dataclass(frozen=True)
class Distances:
    r"""Two-sample Kolmogorov-Smirnov distances, scaled: $D \sqrt{nm / (n + m)}$.

    Attributes:
        value: (measures,); 95% of equal samples stay below 1.358.
        p_value: (measures,), asymptotic.
        replicas: Distances of bootstrap samples, (replicas, measures).
    """

    value: Values
    p_value: Values
    replicas: Values

    @property
    def error(self) -> Values:
        """Standard deviations of the bootstrap distances, (measures,)."""
        return self.replicas.std(axis=0, ddof=1)

    @property
    def largest(self) -> tuple[float, float]:
        """The largest distance and its error."""
        return float(self.value.max()), float(self.replicas.max(axis=1).std(ddof=1))


def distances(real: Values, generated: Values, rng: np.random.Generator) -> Distances:
    """Distances of each measure; events are resampled whole, so that correlations between measures are kept.

    Args:
        real: (n, measures).
        generated: (m, measures).
        rng: For the bootstrap.
    """
    n, m = len(real), len(generated)
    scale = np.sqrt(n * m / (n + m))
    tests = [stats.ks_2samp(real[:, k], generated[:, k], method="asymp") for k in range(real.shape[1])]
    # each event's step in F_real - F_generated, for every replica: (replicas, n + m)
    steps = np.concatenate([_resampled(n, rng) / n, -_resampled(m, rng) / m], axis=1)
    pooled = np.concatenate([real, generated])
    replicas = np.stack([_largest_gap(column, steps) for column in pooled.T], axis=1)
    return Distances(
        scale * np.array([test.statistic for test in tests]),
        np.array([test.pvalue for test in tests]),
        scale * replicas,
    )


def _resampled(events: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """How often each event is drawn in each of the bootstrap samples, (replicas, events)."""
    drawn = rng.integers(events, size=(BOOTSTRAPS, events))
    return np.stack([np.bincount(row, minlength=events) for row in drawn])


def _largest_gap(values: Values, steps: Values) -> Values:
    """Largest distance between two distribution functions, given each value's step in their difference."""
    order = np.argsort(values)
    ordered = values[order]
    last = np.append(ordered[1:] != ordered[:-1], True)  # of equal values only the last has the whole step behind it
    gap: Values = np.abs(np.cumsum(steps[:, order], axis=1)[:, last]).max(axis=1)
    return gap
