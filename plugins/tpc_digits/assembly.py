"""From hits to responses; nothing is dropped without a word."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plugins.tpc_digits.hits import Hits
from runner.api import DataError, DataInfo, Sample

if TYPE_CHECKING:
    from plugins.tpc_digits import TpcDigitsParams

Integers = NDArray[np.int64]
_MOST_BYTES = 16 * 2**30  # of all responses
_LARGEST = 2.0**53 - 1  # integers beyond are not exact in the numbers the file is read into


def assemble(hits: Hits, params: TpcDigitsParams, info: DataInfo) -> Sample:
    """Responses in the window, by event number.

    Raises:
        DataError: Where hits contradict each other or the parameters.
    """
    _check_numbers(hits)
    ids, first, number = np.unique(hits.event.astype(np.int64), return_index=True, return_inverse=True)
    _check_size(hits, len(ids), info)
    conditions = hits.conditions[first]  # (events, all conditions)
    _check_conditions(hits, conditions[number])
    _check_twice(hits)
    event = number[: len(hits.pad)]  # of each hit
    pad = hits.pad.astype(np.int64) - _offset(hits, params.pad_offset) - params.pads[0]
    time = hits.time.astype(np.int64) - _offset(hits, params.time_offset) - params.times[0]
    inside = (pad >= 0) & (pad < info.shape[0]) & (time >= 0) & (time < info.shape[1])
    notes = [*_outside_window(hits, params, inside), *_outside_range(hits, params, conditions, first)]
    seen = hits.amplitude.astype(np.float32) >= np.float32(params.threshold)  # as generated responses are cut
    if not seen.all():
        notes.append(_told(hits, ~seen, f"are below the threshold of {params.threshold:g} ADC; they are left out"))
    kept = inside & seen
    responses = np.zeros((len(ids), *info.shape), np.float32)
    responses[event[kept], pad[kept], time[kept]] = hits.amplitude[kept]
    used = [number for number, column in enumerate(params.conditions) if column.use]
    return Sample(info, responses, conditions[:, used].astype(np.float32), ids, tuple(notes))


def _check_numbers(hits: Hits) -> None:
    """Whole and finite numbers where they must be."""
    for name, values in (("evtId", hits.event), ("ipad", hits.pad), ("itime", hits.time)):
        wrong = ~(np.abs(values) <= _LARGEST) | (values != np.floor(values))
        if wrong.any():
            hit = int(np.flatnonzero(wrong)[0])
            raise hits.error(hit, f"{name} is {values[hit]}, not an integer")
    wrong = ~((hits.amplitude >= 0) & (hits.amplitude <= np.finfo(np.float32).max))
    if wrong.any():
        hit = int(np.flatnonzero(wrong)[0])
        raise hits.error(hit, f"the amplitude is {hits.amplitude[hit]}, not a finite number >= 0")
    wrong = ~(np.abs(hits.conditions) <= np.finfo(np.float32).max)
    if wrong.any():
        hit, column = (int(place) for place in np.argwhere(wrong)[0])
        raise hits.error(hit, f"{hits.names[column]} is {hits.conditions[hit, column]}, not a finite number")


def _check_size(hits: Hits, events: int, info: DataInfo) -> None:
    """A few numbers in a file can ask for more than any memory."""
    size = 4 * events * math.prod(info.shape)
    if size > _MOST_BYTES:
        bins = " x ".join(map(str, info.shape))
        raise DataError(
            f"{hits.path}: {events} events of {bins} bins take {size / 2**30:.0f} GiB; at most {_MOST_BYTES >> 30} GiB "
            "are read: narrow 'pads' and 'times'"
        )


def _check_conditions(hits: Hits, of_event: NDArray[np.float64]) -> None:
    changed = hits.conditions != of_event
    if changed.any():
        hit, column = (int(place) for place in np.argwhere(changed)[0])
        raise hits.error(
            hit,
            f"{hits.names[column]} changes inside the event, from {of_event[hit, column]:g} to "
            f"{hits.conditions[hit, column]:g}",
        )


def _check_twice(hits: Hits) -> None:
    """One amplitude per pixel of an event."""
    event = hits.event[: len(hits.pad)]
    order = np.lexsort((hits.time, hits.pad, event))
    keys = np.stack([event, hits.pad, hits.time])[:, order]
    repeated = np.flatnonzero((keys[:, 1:] == keys[:, :-1]).all(axis=0))
    if len(repeated):
        hit = int(order[repeated + 1].min())
        raise hits.error(hit, f"pad {hits.pad[hit]:.0f}, time bin {hits.time[hit]:.0f} stands twice in this event")


def _offset(hits: Hits, name: str | None) -> Integers | int:
    """Integer part of a condition, beside each hit."""
    if name is None:
        return 0
    whole = np.trunc(hits.conditions[: len(hits.pad), hits.names.index(name)])
    return whole.clip(-_LARGEST, _LARGEST).astype(np.int64)  # what is clipped is outside any window either way


def _outside_window(hits: Hits, params: TpcDigitsParams, inside: NDArray[np.bool_]) -> list[str]:
    if inside.all():
        return []
    (a, b), (c, d) = params.pads, params.times
    window = f"the window of pads {a} to {b - 1} and time bins {c} to {d - 1}"
    if params.outside == "report":
        return [_told(hits, ~inside, f"lie outside {window}; they are left out")]
    advice = "widen 'pads' or 'times', or write outside: report to leave them out"
    raise hits.error(int(np.flatnonzero(~inside)[0]), _told(hits, ~inside, f"lie outside {window}; {advice}"))


def _outside_range(hits: Hits, params: TpcDigitsParams, conditions: NDArray[np.float64], first: Integers) -> list[str]:
    """Conditions outside their declared range."""
    notes = []
    for column, declared in enumerate(params.conditions):
        if declared.range is None:
            continue
        low, high = declared.range
        values = conditions[:, column].astype(np.float32)  # a bound that was written as float32 is still inside
        wrong = np.flatnonzero((values < np.float32(low)) | (values > np.float32(high)))
        if not len(wrong):
            continue
        share = f"{len(wrong)} of {len(conditions)} events ({len(wrong) / len(conditions):.2%})"
        message = f"{share} have {declared.name} outside its range of {low:g} to {high:g} {declared.unit}".rstrip()
        if params.outside == "strict":
            raise hits.error(int(first[wrong[0]]), f"{message}; widen the range, or write outside: report")
        notes.append(f"{message}; they are kept")
    return notes


def _told(hits: Hits, wrong: NDArray[np.bool_], message: str) -> str:
    """Count, share and first event of some hits."""
    hit = int(np.flatnonzero(wrong)[0])
    share = f"{wrong.sum()} of {len(wrong)} hits ({wrong.mean():.2%}), the first in event {hits.event[hit]:.0f},"
    return f"{share} {message}"
