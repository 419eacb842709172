"""Which events are compared, and at which conditions responses are generated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runner import seeds
from runner.api import Sample

MOST_LOADED = 200_000
"""Events that metrics see where they ask for all, and transforms, where they do not fit into memory."""


@dataclass(frozen=True)
class Halves:
    """Test events cut in two, as many in each half.

    A model is asked for responses at the conditions of the one half, and they are compared with the other: so many real
    events against so many generated ones, and neither at the other's conditions. Put the real responses of the half
    that was asked for in the place of the model's, and the scores are the floor.

    Attributes:
        compared: Events that responses are compared with.
        asked: Events whose conditions a model is asked for.
    """

    compared: Sample
    asked: Sample


def apply_threshold(responses: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
    """Amplitudes below the detection threshold are not read out: 0."""
    return np.where(responses < threshold, np.float32(0), responses)


def real_events(test: Sample, events: int, seed: int) -> Sample:
    """Events in memory: all of them, or `events` drawn without repetition, in their order."""
    if len(test) > events:
        test = test.take(np.sort(seeds.generator(seed, "test events").choice(len(test), events, replace=False)))
    return test.loaded()


def loaded(sample: Sample) -> Sample:
    """Events in memory: all of them, or of those that are in a file at most `MOST_LOADED`, the same ones every time."""
    return real_events(sample, MOST_LOADED, 0) if sample.stored else sample


def halve(test: Sample, events: int, seed: int, number: int = 0) -> Halves:
    """Test events cut in two at random.

    Args:
        test: Test events in memory, at least two.
        events: The most that are wanted in a half.
        seed: The experiment's ``data_seed``: runs to compare are judged on the same events.
        number: Which halving; 0 is that of the scores, the others are those of the floor.
    """
    size = min(events, len(test) // 2)
    order = seeds.generator(seed, "halves", number).permutation(len(test))
    return Halves(test.take(np.sort(order[:size])), test.take(np.sort(order[size : 2 * size])))


def asked_conditions(asked: Sample, test: Sample, events: int, seed: int) -> NDArray[np.float32]:
    """Conditions of the responses to generate: those of the events asked for, then those of any test events.

    Args:
        asked: Events whose conditions are asked for first.
        test: All test events; each one's conditions are used equally often.
        events: Number of responses, at least.
        seed: The experiment's seed.

    Returns:
        (events, conditions) in their units.
    """
    more = max(events - len(asked), 0)
    rng = seeds.generator(seed, "evaluation conditions")
    order = np.concatenate([rng.permutation(len(test)) for _ in range(-(-more // len(test)))] or [np.empty(0, int)])
    conditions: NDArray[np.float32] = np.concatenate([asked.conditions, test.conditions[order[:more]]])
    return conditions
