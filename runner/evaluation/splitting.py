"""Which events are trained on, which choices are made on, and which scores are measured on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runner import seeds
from runner.api import Sample
from runner.errors import DataError
from runner.experiment import Split


@dataclass(frozen=True)
class Splits:
    """The events of a data set by what they are for."""

    train: Sample
    validation: Sample
    test: Sample


def split(sample: Sample, fractions: Split, seed: int) -> Splits:
    """Events by a seeded hash of their number: an event's part depends on no other event.

    Args:
        sample: All events.
        fractions: Expected shares.
        seed: The experiment's ``data_seed``.

    Raises:
        DataError: If no event falls to training or fewer than two to the test.
    """
    place = _uniform_hash(sample.event_ids, seeds.derive(seed, "split"))
    train, validation = place < fractions.train, place < fractions.train + fractions.validation
    if fractions.validation == 0:
        validation = train
    parts = Splits(sample.take(train), sample.take(validation & ~train), sample.take(~validation))
    if not len(parts.train) or len(parts.test) < 2:
        raise DataError(
            f"{len(sample)} events leave {len(parts.train)} for training and {len(parts.test)} for the test; "
            "at least 1 and 2 are needed: use more events or another split"
        )
    return parts


def _uniform_hash(numbers: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Each number's place in [0, 1).

    Reference: the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), applied twice.
    """
    x = numbers.astype(np.uint64)
    with np.errstate(over="ignore"):
        for salt in (np.uint64(seed), np.uint64(0x9E3779B97F4A7C15)):
            x = x + salt
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x = x ^ (x >> np.uint64(31))
    return (x >> np.uint64(11)).astype(np.float64) / 2.0**53
