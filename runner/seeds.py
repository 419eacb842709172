"""Every random number follows from the experiment's seed and the name of its use."""

from __future__ import annotations

import hashlib

import numpy as np


def derive(seed: int, *use: str | int) -> int:
    """Seed of one use: 63 bits of SHA-256 over the experiment's seed and the use's name.

    Args:
        seed: The experiment's seed.
        use: What the numbers are for, e.g. ``("split",)`` or ``("network", "critic")``.
    """
    text = "\x1f".join(str(part) for part in (seed, *use))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *use: str | int) -> np.random.Generator:
    """NumPy generator of one use; see `derive`."""
    return np.random.default_rng(derive(seed, *use))
