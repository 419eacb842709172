"""Faults put into real events, to find out which ones a metric sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from runner.api import Sample

Fault = Callable[[Sample, float, np.random.Generator], Sample]
"""Events and the size of the fault, a fraction of 1, to faulty events."""


def amplitude_scale(events: Sample, size: float, rng: np.random.Generator) -> Sample:
    """Every amplitude larger by that fraction."""
    return replace(events, responses=events.responses * np.float32(1 + size))


def width(events: Sample, size: float, rng: np.random.Generator) -> Sample:
    r"""Every response wider by that fraction along each axis, with the same sum and in the same pixels.

    Amplitudes at a distance $d$ from the response's centre are multiplied by $e^{\delta d^2 / 2 \sigma^2}$ with
    $\delta = 1 - 1 / (1 + s)^2$ and the responses' mean variance $\sigma^2$, which makes a Gaussian wider by the
    fraction $s$. Moving charge instead would fill empty pixels, which metrics see long before they see the width.
    Beyond three $\sigma$ the factor stays the same.
    """
    threshold, responses = events.info.threshold, events.responses.astype(np.float64)
    total = _total(responses)
    for axis in range(1, responses.ndim):
        responses = responses * _widening(responses, axis, 1 - 1 / (1 + size) ** 2)
    scale = total / np.where(total == 0, 1, _total(responses))
    responses *= scale.reshape(-1, *(1,) * (responses.ndim - 1))
    # what is as low as the threshold stays there: many hits are, and losing them is another fault
    wider = np.where(events.responses > 0, np.maximum(responses, threshold), events.responses)
    return replace(events, responses=wider.astype(np.float32))


def _widening(responses: NDArray[np.float64], axis: int, delta: float) -> NDArray[np.float64]:
    """Factors along one axis, with as many dimensions as the responses."""
    weights = np.moveaxis(responses, axis, 1).reshape(len(responses), responses.shape[axis], -1).sum(axis=2)
    share = weights / np.where(weights.sum(axis=1) == 0, 1, weights.sum(axis=1))[:, None]  # (events, bins)
    bins = np.arange(share.shape[1])
    squares = (bins - (share * bins).sum(axis=1)[:, None]) ** 2
    variance = (share * squares).sum(axis=1).mean() or 1.0
    factors: NDArray[np.float64] = np.exp(delta / 2 * np.minimum(squares / variance, 9))
    return factors.reshape([len(responses), *(n if k == axis else 1 for k, n in enumerate(responses.shape) if k)])


def _total(responses: NDArray[np.float64]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = responses.reshape(len(responses), -1).sum(axis=1)
    return total


def collapsed_share(events: Sample, size: float, rng: np.random.Generator) -> Sample:
    """That fraction of the events replaced by copies of one of them, as of a generator that has collapsed."""
    responses = events.responses.copy()
    one = responses[rng.integers(len(events))].copy()
    responses[rng.permutation(len(events))[: round(size * len(events))]] = one
    return replace(events, responses=responses)


FAULTS: Mapping[str, Fault] = {
    "amplitude_scale": amplitude_scale,
    "width": width,
    "collapsed_share": collapsed_share,
}
"""By the name they have in ``scores.json``."""

SIZES = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005)
"""Sizes that are tried, from the largest down to the first that is not seen."""
