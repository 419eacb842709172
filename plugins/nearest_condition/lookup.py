"""Events with the nearest conditions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

NEAR = 20
"""How many of the nearest rows are looked at for the one that has answered least often."""


def nearest_rows(known: NDArray[np.float32], asked: NDArray[np.float32]) -> NDArray[np.int64]:
    """Rows of `known` with the nearest conditions, standardised with `known`, (asked,).

    Of the `NEAR` nearest rows, and of all others with the conditions of one of them, that which has answered least
    often answers, and the nearest of several: rows that answer again and again would make a sample of fewer different
    responses than there are events, which is a fault of its own.

    Args:
        known: (events, conditions).
        asked: (asked, conditions).
    """
    sigma = known.std(axis=0, dtype=np.float64)
    sigma = np.where(sigma > 0, sigma, 1)
    values, value_of, counts = np.unique(known, axis=0, return_inverse=True, return_counts=True)
    _, candidates = KDTree(values / sigma).query(asked / sigma, range(1, min(NEAR, len(values)) + 1))
    nearer = np.cumsum(counts[candidates], axis=1) - counts[candidates]  # rows nearer than those of each value
    looked_at = (nearer < NEAR).sum(axis=1)
    # the rows of one value stand together and answer in turn
    ordered = np.argsort(value_of.ravel(), kind="stable")
    first, answers = np.cumsum(counts) - counts, np.zeros(len(values), np.int64)
    rows = np.empty(len(asked), np.int64)
    for event, (nearest, number) in enumerate(zip(candidates, looked_at, strict=True)):
        near = nearest[:number]
        value = near[np.argmin(answers[near] // counts[near])]
        rows[event] = ordered[first[value] + answers[value] % counts[value]]
        answers[value] += 1
    return rows
