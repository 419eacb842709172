"""Shares of events, and how well they are known."""

from __future__ import annotations


def posterior_variance(count: float, events: int) -> float:
    """Variance of the posterior of a share for a flat prior, which is not 0 where the share is.

    Args:
        count: Events that count, of all.
        events: All of them.
    """
    p = (count + 1) / (events + 2)
    return p * (1 - p) / (events + 3)
