"""A difference in words."""

from __future__ import annotations

from runner.compare.result import Verdict

FLOOR_REACH = 3.0
"""Standard deviations of the floor within which a model cannot be told from real responses."""

SIGNIFICANT = 0.05


def verdict(
    *,
    worse: float,
    p_holm: float | None,
    interval: tuple[float | None, float | None],
    at_floor: bool,
) -> Verdict:
    """What can be said of a main score; the first rule that applies.

    1. at floor: in both groups the root mean square of z over the seeds is below 3. By this metric, with so many
       events, neither can be told from real responses, so that a difference between them is no merit.
    2. better, worse: there is a p-value, and corrected it is below 0.05.
    3. not distinguishable: there is one, and it is not; or there is none, and even the interval without the
       scatter of the training holds 0. (The true interval is wider.)
    4. too few seeds: all else.

    Args:
        worse: The difference, positive where the group is worse than the baseline.
        p_holm: Corrected p-value, or None.
        interval: Both ends of the 95 % interval, or None.
        at_floor: Whether both groups are at the floor.
    """
    if at_floor:
        return "at floor"
    if p_holm is not None:
        if p_holm >= SIGNIFICANT:
            return "not distinguishable"
        return "worse" if worse > 0 else "better"
    low, high = interval
    if low is not None and high is not None and low <= 0 <= high:
        return "not distinguishable"
    return "too few seeds"
