"""Events with the nearest conditions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

NEAR = 20
"""How many of the nearest rows are looked at for one that has not answered yet."""


def nearest_rows(known: NDArray[np.float32], asked: NDArray[np.float32]) -> NDArray[np.int64]:
    """Rows of `known` with the nearest conditions, standardised with `known`, (asked,).

    A row answers once as long as another one is among the `NEAR` nearest: rows that answer several times would make a
    sample of fewer different responses than there are events, which is a fault of its own.

    Args:
        known: (events, conditions).
        asked: (asked, conditions).
    """
    sigma = known.std(axis=0, dtype=np.float64)
    sigma = np.where(sigma > 0, sigma, 1)
    near = range(1, min(NEAR, len(known)) + 1)
    _, candidates = KDTree(known / sigma).query(asked / sigma, near)
    taken: set[int] = set()
    rows = np.empty(len(asked), np.int64)
    for event, nearest in enumerate(candidates.tolist()):
        rows[event] = next((row for row in nearest if row not in taken), nearest[0])
        taken.add(int(rows[event]))
    return rows
