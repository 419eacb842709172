"""The seven measures of one response."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runner.api import DataError, DataInfo

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """What one column of `measures` holds.

    Attributes:
        name: snake_case, part of the scores' names.
        label: For the axis of a figure.
        unit: Unit of the column.
    """

    name: str
    label: str
    unit: str


@dataclass(frozen=True)
class Representation:
    """What a pixel weighs.

    Attributes:
        weights: Amplitudes (events, pads, times) [unit of the data] to weights.
        title: What the weights are, in words.
        unit: Format of their unit, given the unit of an amplitude.
    """

    weights: Callable[[NDArray[np.float32]], Values]
    title: str
    unit: str


def _linear(responses: NDArray[np.float32]) -> Values:
    smallest = responses.min(initial=0)
    if smallest < 0:
        raise DataError(
            f"an amplitude of {smallest:.6g} is no weight; a cluster's shape needs amplitudes of 0 or more: "
            "give the data set a detection threshold that cuts the others off"
        )
    return responses.astype(np.float64)


def _log(responses: NDArray[np.float32]) -> Values:
    amplitudes = _linear(responses)
    hits = responses > 0
    smallest = responses[hits].min(initial=np.inf)
    if smallest < 1:
        raise DataError(
            f"an amplitude of {smallest:.6g} has a negative logarithm, which is no weight; "
            "use data in a unit that puts the detection threshold at 1 or more, "
            "or cluster_shape with 'representations: [linear]'"
        )
    return np.log(amplitudes, out=np.zeros_like(amplitudes), where=hits)


def _exponential(responses: NDArray[np.float32]) -> Values:
    """What exp() makes of the logarithms above: an empty pixel becomes 1."""
    return np.where(responses > 0, _linear(responses), 1.0)


REPRESENTATIONS: Mapping[str, Representation] = {
    "log": Representation(_log, "ln amplitude", "ln {}"),
    "linear": Representation(_linear, "linear amplitude", "{}"),
}
"""An empty pixel weighs 0."""

PHYSGAN_REPRESENTATIONS: Mapping[str, Representation] = {
    "log": REPRESENTATIONS["log"],
    "linear": Representation(_exponential, "linear amplitude, empty pixels 1", "{}"),
}
"""Those of PhysGAN's notebooks."""


def describe(info: DataInfo, representation: Representation) -> tuple[Measure, ...]:
    """Names, labels and units of the columns of `measures`.

    Raises:
        DataError: Where a response is not an image.
    """
    if len(info.axes) != 2:
        names = ", ".join(axis.name for axis in info.axes)
        raise DataError(
            f"cluster shapes are those of images with two axes, but these responses have {len(info.axes)} ({names}); "
            "take cluster_shape and physgan_cluster_shape out of evaluation.metrics"
        )
    first, second = (axis.name for axis in info.axes)
    one, two = (axis.unit or axis.name for axis in info.axes)
    weight = representation.unit.format(info.unit)
    return (
        Measure(f"centre_{first}", f"centre in {first}", one),
        Measure(f"centre_{second}", f"centre in {second}", two),
        Measure(f"max_{info.quantity}", f"largest {info.quantity}", weight),
        Measure(f"mean_{info.quantity}", f"mean {info.quantity} over all pixels", weight),
        Measure(f"width_{first}", f"width in {first}", one),
        Measure(f"width_{second}", f"width in {second}", two),
        Measure("physgan_covariance", f"PhysGAN's covariance of {first} and {second}", f"{one} x {two}"),
    )


def measures(weights: Values) -> Values:
    r"""The seven measures of each response.

    With $p_{ij} = w_{ij} / \sum w$ and $q_{ij} = (i - \bar i)(j - \bar j)$, bins counted from 0: $\bar i = \sum p i$,
    $\bar j = \sum p j$, $\max w$, $\sum w / (\text{pixels})$, $\sqrt{\sum p (i - \bar i)^2}$,
    $\sqrt{\sum p (j - \bar j)^2}$, $\sqrt{\sum p (q - \sum p q)^2}$.

    Args:
        weights: (events, pads, times), none negative, each event's sum positive.

    Returns:
        (events, 7) in the order of `describe`.

    Reference:
        PhysGAN (2020), https://github.com/prutianova-nastia/PhysGAN; its "covariance" is a standard deviation.
    """
    _, pads, times = weights.shape
    p = weights / weights.sum(axis=(1, 2), keepdims=True)
    # shares of their own sum, so that a response in one row of pixels has a width of exactly 0
    in_pad, in_time = _shares(weights.sum(axis=2)), _shares(weights.sum(axis=1))  # (events, pads), (events, times)
    i, j = np.arange(pads), np.arange(times)
    # not in_pad @ i: the last bit of a matrix product depends on where the array lies in memory
    centre_pad, centre_time = (in_pad * i).sum(axis=1), (in_time * j).sum(axis=1)
    di, dj = i - centre_pad[:, None], j - centre_time[:, None]
    q = di[:, :, None] * dj[:, None, :]  # (events, pads, times)
    q -= (p * q).sum(axis=(1, 2), keepdims=True)
    return np.stack(
        [
            centre_pad,
            centre_time,
            weights.max(axis=(1, 2)),
            weights.mean(axis=(1, 2)),
            np.sqrt((in_pad * di**2).sum(axis=1)),
            np.sqrt((in_time * dj**2).sum(axis=1)),
            np.sqrt((p * q**2).sum(axis=(1, 2))),
        ],
        axis=1,
    )


def _shares(profile: Values) -> Values:
    shares: Values = profile / profile.sum(axis=1, keepdims=True)
    return shares
