"""Two groups of values, one for each seed: how far apart they are, and whether that could be chance.

Student's t-test of paired differences over the seeds that both groups have, Welch's t-test where these are too few
(B. L. Welch, Biometrika 34 (1947) 28). With fewer than three seeds in a group its scatter is not known well enough for
either, and where nothing scatters it is not known at all; the interval then comes from the errors of the evaluations.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from runner.compare.result import Test

FEWEST_SEEDS = 3

CONFIDENCE = 0.95

_ROUNDING = 1e-12  # scatter, relative to the numbers, below which there is none

_NORMAL_QUANTILE = 1.959963984540054  # of 97.5 %


class Estimate(NamedTuple):
    """A difference of means, its 95 % interval (None: unknown), and the two-sided p-value (None: scatter unknown).

    `unpaired` are the seeds of one group alone where the others were paired: they count for nothing.
    """

    value: float
    low: float | None
    high: float | None
    p: float | None
    test: Test
    unpaired: tuple[int, ...] = ()


def estimate(
    values: Mapping[int, float], baseline: Mapping[int, float], error: float | None, baseline_error: float | None
) -> Estimate:
    """Mean of `values` minus mean of `baseline`; of the common seeds, where they are paired.

    Args:
        values: Finite values by seed.
        baseline: Those of the baseline.
        error: Standard error of one evaluation of the group, used where the scatter is not known.
        baseline_error: That of the baseline.
    """
    value = _mean(values.values()) - _mean(baseline.values())
    found = None
    common = sorted(values.keys() & baseline.keys())
    if len(common) >= FEWEST_SEEDS:
        found = _paired([values[seed] for seed in common], [baseline[seed] for seed in common])
        found = found and found._replace(unpaired=tuple(sorted(values.keys() ^ baseline.keys())))
    elif min(len(values), len(baseline)) >= FEWEST_SEEDS:
        found = _welch(list(values.values()), list(baseline.values()))
    return found or _of_evaluations(value, error, baseline_error)


def _of_evaluations(value: float, error: float | None, baseline_error: float | None) -> Estimate:
    if error is None or baseline_error is None:
        return Estimate(value, None, None, None, "evaluation errors")
    # not divided by the root of the number of seeds: they are all judged on the same real events
    reach = _NORMAL_QUANTILE * math.hypot(error, baseline_error)
    return Estimate(value, value - reach, value + reach, None, "evaluation errors")


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


def _paired(values: list[float], baseline: list[float]) -> Estimate | None:
    """None where the differences do not scatter."""
    from scipy import stats

    differences = [one - other for one, other in zip(values, baseline, strict=True)]
    if not _scatter(differences, values + baseline):
        return None
    return _tested(_mean(differences), lambda: stats.ttest_1samp(differences, 0.0), "paired")


def _welch(values: list[float], baseline: list[float]) -> Estimate | None:
    """None where neither group scatters."""
    from scipy import stats

    if not _scatter(values, values) and not _scatter(baseline, baseline):
        return None
    value = _mean(values) - _mean(baseline)
    return _tested(value, lambda: stats.ttest_ind(values, baseline, equal_var=False), "Welch")


def _scatter(numbers: Sequence[float], computed_from: Sequence[float]) -> bool:
    """Whether numbers differ by more than rounding."""
    return max(numbers) - min(numbers) > _ROUNDING * max(map(abs, computed_from))


def _tested(value: float, test: Callable[[], Any], name: Test) -> Estimate:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of numbers that are nearly equal, or too large to be squared
        found = test()
        interval = found.confidence_interval(CONFIDENCE)
    low, high, p = float(interval.low), float(interval.high), float(found.pvalue)
    if not all(map(math.isfinite, (low, high, p))):
        return Estimate(value, None, None, 1.0, name)  # what cannot be tested is not significant
    return Estimate(value, low, high, p, name)


def _mean(values: Collection[float]) -> float:
    return sum(values) / len(values)
