"""Responses as the hits of a text file; the numbers that both text formats write."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runner.api import DataError, DataInfo, Sample

Texts = NDArray[np.object_]


@dataclass(frozen=True)
class SampleHits:
    """Hits of a sample, by event, pad and time bin.

    Attributes:
        sample: The sample.
        event: Place of the hit's event in the sample, (hits,).
        pad: Detector coordinate, (hits,).
        time: Detector coordinate, (hits,).
        amplitude: (hits,) [ADC].
    """

    sample: Sample
    event: NDArray[np.int64]
    pad: NDArray[np.int64]
    time: NDArray[np.int64]
    amplitude: NDArray[np.float32]

    def text(self, before: Texts, between: str, after: Texts) -> str:
        """All hits, one formatting for the whole sample because one for each hit is slow.

        Args:
            before: What stands before each hit, (hits,).
            between: What stands between pad, time bin and amplitude.
            after: What stands after each hit, (hits,).
        """
        columns = (before, self.pad, self.time, self.amplitude, after)
        fields = np.empty((len(self.event), len(columns)), object)
        for number, column in enumerate(columns):
            fields[:, number] = column
        return (f"%s%d{between}%d{between}%.9g%s" * len(fields)) % tuple(fields.ravel())

    def conditions(self, separator: str) -> list[str]:
        """The conditions of each event, the separator before each one."""
        line = f"{separator}%.9g" * self.sample.conditions.shape[1]
        return [line % tuple(values) for values in self.sample.conditions.tolist()]


def write_text(
    path: Path, header: str, events: int, samples: Iterable[Sample], text: Callable[[SampleHits], str]
) -> tuple[str, ...]:
    """Writes the hits of one sample after another.

    Args:
        path: The file.
        header: What it begins with.
        events: Number of events in all samples together.
        samples: The events.
        text: What is written of a sample.

    Returns:
        How many events have no hit, which a file of hits cannot hold.

    Raises:
        DataError: Where a response is nothing that can be read out.
        OSError: Where the file cannot be written.
    """
    given = written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(header)
        for hits in map(_hits, samples):
            file.write(text(hits))
            given += len(hits.sample)
            written += len(np.unique(hits.event))
            del hits  # so that its sample is gone when the next one is made
    if given != events:
        raise ValueError(f"{events} events were announced, but the samples hold {given}")
    return (f"{given - written} of {given} events have no hit and are not in the file",) if written < given else ()


def check_axes(info: DataInfo) -> None:
    """The two axes that hits have.

    Raises:
        DataError: Where there are others, or bins that are not whole pads and time bins.
    """
    names = [axis.name for axis in info.axes]
    if names != ["pad", "time"]:
        raise DataError(
            f"files of hits have the axes pad and time, these responses have {', '.join(names) or 'none'}; "
            "choose another format"
        )
    for axis in info.axes:
        if axis.start != np.floor(axis.start):
            raise DataError(
                f"bin 0 of the axis {axis.name} is {axis.start}, which is no integer; choose another format"
            )


def _hits(sample: Sample) -> SampleHits:
    wrong = ~((sample.responses >= 0) & np.isfinite(sample.responses))
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0])
        raise DataError(
            f"event {sample.event_ids[place[0]]}: the amplitude is {sample.responses[place]}, not a finite number >= 0"
        )
    event, *bins = np.nonzero(sample.responses)
    pad, time = (int(axis.start) + number for axis, number in zip(sample.info.axes, bins, strict=True))
    return SampleHits(sample, event, pad, time, sample.responses[event, *bins])
