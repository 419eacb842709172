"""Responses that are too many for the memory stay in their file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64] | NDArray[np.bool_] | Sequence[int] | slice


class StoredArray:
    """Arrays of one shape in a file, read when they are asked for.

    Indexed like a NumPy array along its first axis; as a whole it becomes one with ``np.asarray``.

    Args:
        values: The file's numbers, mapped into memory and not read yet, float32 (numbers,).
        starts: Where in them each array begins, int64 (arrays,).
        shape: Shape of one array.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, values: NDArray[np.float32], starts: NDArray[np.int64], shape: tuple[int, ...]) -> None:
        self._values, self._starts, self._each = values, starts, shape

    @property
    def shape(self) -> tuple[int, ...]:
        """(arrays, *shape of one)."""
        return (len(self._starts), *self._each)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index: Index | int) -> NDArray[np.float32]:
        starts, each = self._starts[index], math.prod(self._each)
        found = np.empty((starts.size, each), np.float32)
        for row, start in zip(found, starts.ravel(), strict=True):
            row[:] = self._values[start : start + each]
        return found.reshape(*starts.shape, *self._each)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.float32]:
        return self[:] if dtype is None else self[:].astype(dtype)

    def take(self, index: Index) -> StoredArray:
        """Some of them, in that order; nothing is read."""
        return StoredArray(self._values, self._starts[index], self._each)
