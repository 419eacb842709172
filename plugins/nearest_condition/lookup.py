"""Events with the nearest conditions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree


def nearest_rows(known: NDArray[np.float32], asked: NDArray[np.float32]) -> NDArray[np.int64]:
    """Rows of `known` with the nearest conditions, standardised with `known`, (asked,).

    Args:
        known: (events, conditions).
        asked: (asked, conditions).
    """
    sigma = known.std(axis=0, dtype=np.float64)
    sigma = np.where(sigma > 0, sigma, 1)
    _, rows = KDTree(known / sigma).query(asked / sigma)
    return rows
