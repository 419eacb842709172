"""Thirteen features of a response, which physicists look at before they look at pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runner.api import DataError, DataInfo, Sample

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Feature:
    """What one column of `features` holds: its snake_case name, its label on an axis, and its unit ("" for none)."""

    name: str
    label: str
    unit: str


def described(info: DataInfo) -> tuple[Feature, ...]:
    """The columns of `features`, named after the two axes of the data.

    Raises:
        DataError: Where responses are not images.
    """
    if len(info.axes) != 2:
        raise DataError(f"fidelity metrics need responses with two axes, these have shape {info.shape}")
    first, second = info.axes
    units = [axis.unit or axis.name for axis in info.axes]
    quantity = info.quantity
    return (
        Feature(f"mean_{first.name}", f"mean {first.name}", units[0]),
        Feature(f"mean_{second.name}", f"mean {second.name}", units[1]),
        Feature(f"width_{first.name}", f"width in {first.name}", units[0]),
        Feature(f"width_{second.name}", f"width in {second.name}", units[1]),
        Feature("covariance", f"covariance of {first.name} and {second.name}", f"{units[0]} x {units[1]}"),
        Feature("log_sum", f"log10 of the sum of {quantity}", f"log10 {info.unit}"),
        Feature("hits", "pixels hit", ""),
        Feature(f"{first.name}_hits", f"{first.name} bins hit", ""),
        Feature(f"{second.name}_hits", f"{second.name} bins hit", ""),
        Feature("log_max", f"log10 of the largest {quantity}", f"log10 {info.unit}"),
        Feature("max_share", f"share of the largest {quantity} in the sum", ""),
        Feature(f"strongest_{first.name}", f"share of the strongest {first.name} bin", ""),
        Feature(f"strongest_{second.name}", f"share of the strongest {second.name} bin", ""),
    )


def features(sample: Sample) -> Values:
    r"""Features of each response; all 0 for one without a hit.

    With $p_{ij} = A_{ij} / \sum A$: $\bar i = \sum p\, i$, width $\sqrt{\sum p (i - \bar i)^2}$, covariance
    $\sum p (i - \bar i)(j - \bar j)$, in bins counted from 0.

    Args:
        sample: Finite amplitudes, none negative (see `usable`).

    Returns:
        (events, 13), columns as in `described`.

    Raises:
        DataError: Where responses are not images.
    """
    described(sample.info)
    amplitudes = sample.responses.astype(np.float64)  # (events, pads, times)
    total = amplitudes.sum(axis=(1, 2))
    hit = total > 0
    p = amplitudes / np.where(hit, total, 1)[:, None, None]
    by_first, by_second = p.sum(axis=2), p.sum(axis=1)
    i, j = np.arange(p.shape[1]), np.arange(p.shape[2])
    mean_i, mean_j = (by_first * i).sum(axis=1), (by_second * j).sum(axis=1)
    di, dj = i - mean_i[:, None], j - mean_j[:, None]
    covariance = (p * di[:, :, None] * dj[:, None, :]).sum(axis=(1, 2))
    pixels = amplitudes > 0
    largest = amplitudes.max(axis=(1, 2))
    table = np.column_stack(
        [
            mean_i,
            mean_j,
            np.sqrt((by_first * di**2).sum(axis=1)),
            np.sqrt((by_second * dj**2).sum(axis=1)),
            covariance,
            np.log10(np.where(hit, total, 1)),
            pixels.sum(axis=(1, 2)),
            pixels.any(axis=2).sum(axis=1),
            pixels.any(axis=1).sum(axis=1),
            np.log10(np.where(hit, largest, 1)),
            p.max(axis=(1, 2)),
            by_first.max(axis=1),
            by_second.max(axis=1),
        ]
    )
    table[~hit] = 0
    return table


def usable(sample: Sample) -> tuple[Sample, tuple[str, ...]]:
    """The events whose amplitudes are finite and not negative, and a note where there are others.

    Scores of what is left would hide such events, so that the note is shown with them; `validity` counts them.
    """
    axes = tuple(range(1, sample.responses.ndim))
    good = (np.isfinite(sample.responses) & (sample.responses >= 0)).all(axis=axes)
    if good.all():
        return sample, ()
    left_out = len(sample) - int(good.sum())
    return sample.take(good), (f"{left_out:,} responses with a NaN, infinite or negative amplitude are left out",)
