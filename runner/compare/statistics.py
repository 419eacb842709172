"""Two groups of values, one for each seed: how far apart they are, and whether that could be chance.

Student's t-test of paired differences where both groups have the same seeds, Welch's t-test otherwise
(B. L. Welch, Biometrika 34 (1947) 28). With fewer than three seeds in a group its scatter is not known well enough for
either; the interval then comes from the errors of the evaluations alone.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from runner.compare.result import Test

FEWEST_SEEDS = 3

CONFIDENCE = 0.95

_NORMAL_QUANTILE = 1.959963984540054  # of 97.5 %


class Estimate(NamedTuple):
    """A difference of means, its 95 % interval (None: unknown), and the two-sided p-value (None: too few seeds)."""

    value: float
    low: float | None
    high: float | None
    p: float | None
    test: Test


def estimate(
    values: Mapping[int, float], baseline: Mapping[int, float], error: float | None, baseline_error: float | None
) -> Estimate:
    """Mean of `values` minus mean of `baseline`.

    Args:
        values: Finite values by seed.
        baseline: Those of the baseline.
        error: Standard error of one evaluation of the group, used where there are too few seeds.
        baseline_error: That of the baseline.
    """
    value = _mean(values) - _mean(baseline)
    if min(len(values), len(baseline)) < FEWEST_SEEDS:
        if error is None or baseline_error is None:
            return Estimate(value, None, None, None, "evaluation errors")
        # not divided by the root of the number of seeds: they are all judged on the same real events
        reach = _NORMAL_QUANTILE * math.hypot(error, baseline_error)
        return Estimate(value, value - reach, value + reach, None, "evaluation errors")
    if values.keys() == baseline.keys():
        return _paired([values[seed] - baseline[seed] for seed in sorted(values)])
    return _welch(list(values.values()), list(baseline.values()))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number, so that at most 5 % of families with no difference show one below 0.05.

    Reference: S. Holm, Scandinavian Journal of Statistics 6 (1979) 65.
    """
    order = sorted(range(len(p_values)), key=lambda number: p_values[number])
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, number in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[number]))
        corrected[number] = largest
    return corrected


def _paired(differences: list[float]) -> Estimate:
    from scipy import stats

    value = sum(differences) / len(differences)
    if len(set(differences)) == 1:
        return _exact(value, "paired")
    return _tested(value, lambda: stats.ttest_1samp(differences, 0.0), "paired")


def _welch(values: list[float], baseline: list[float]) -> Estimate:
    from scipy import stats

    value = sum(values) / len(values) - sum(baseline) / len(baseline)
    if len(set(values)) == len(set(baseline)) == 1:
        return _exact(value, "Welch")
    return _tested(value, lambda: stats.ttest_ind(values, baseline, equal_var=False), "Welch")


def _tested(value: float, test: Callable[[], Any], name: Test) -> Estimate:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of numbers that are nearly equal, or too large to be squared
        found = test()
        interval = found.confidence_interval(CONFIDENCE)
    low, high, p = float(interval.low), float(interval.high), float(found.pvalue)
    if not all(map(math.isfinite, (low, high, p))):
        return Estimate(value, None, None, 1.0, name)  # what cannot be tested is not significant
    return Estimate(value, low, high, p, name)


def _exact(value: float, test: Test) -> Estimate:
    """Of numbers that do not scatter, as counts may."""
    return Estimate(value, value, value, 1.0 if value == 0 else 0.0, test)


def _mean(values: Mapping[int, float]) -> float:
    return sum(values.values()) / len(values)
