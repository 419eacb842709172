"""HDF5: responses, conditions and event numbers as arrays, as a run keeps its samples."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np

from plugins.tpc_digits.hits import LIST_ALL, Hits, complaints
from runner.api import DataError, DataInfo, Hdf5Error, Sample, open_hdf5

_TYPES = {"responses": "float32", "conditions": "float32", "event_ids": "int64"}
_SLICE = 2**24  # bytes that are read at once
_MOST_BYTES = 2**32  # of numbers beside the responses
_MOST_HITS = 2**27
_SPARE = 2**16  # bytes, for what the library adds beside the arrays


def read_hdf5(path: Path, conditions: Sequence[str]) -> Hits:
    """All hits and all events without one.

    Raises:
        DataError: Where the file is broken or another one, or its axes or conditions are not those declared.
    """
    (hits,) = hdf5_pieces(path, conditions)
    return hits


def hdf5_pieces(path: Path, conditions: Sequence[str], most_bytes: int | None = None) -> Iterator[Hits]:
    """Hits of some events after the other.

    Args:
        path: The file.
        conditions: Names of the conditions.
        most_bytes: Of the responses of a piece; None for one piece.

    Raises:
        DataError: As of `read_hdf5`.
    """
    try:
        with open_hdf5(path, most_bytes=None) as file:  # responses are read in parts
            datasets = {name: _dataset(file, name) for name in _TYPES}
            names = _texts(datasets["conditions"], "names")
            if wrong := complaints(names, conditions, "condition"):
                raise DataError(f"{path}: the file {wrong}; {LIST_ALL}")
            _check(datasets, len(names))
            columns = [names.index(name) for name in conditions]
            events = len(datasets["responses"])
            at_once = events if most_bytes is None else _rows_in(datasets["responses"], most_bytes)
            for first in range(0, events, at_once):
                some = range(first, min(first + at_once, events))
                yield _hits(path, datasets, some, columns, tuple(conditions))
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except Hdf5Error as error:
        raise DataError(f"{path}: is not an HDF5 file of responses: {error}") from error


def _dataset(file: h5py.File, name: str) -> h5py.Dataset:
    """A dataset of the right type, and of a size that can be read."""
    found = file.get(name)
    if not isinstance(found, h5py.Dataset) or found.dtype != _TYPES[name]:
        raise ValueError(f"{name} must be a {_TYPES[name]} dataset, not {found!r}")
    if name != "responses" and found.nbytes > _MOST_BYTES:
        raise ValueError(f"{name} has {found.nbytes} bytes; at most {_MOST_BYTES} are read")
    return found


def _check(datasets: dict[str, h5py.Dataset], conditions: int) -> None:
    """Axes and shapes from the headers, before anything is read."""
    responses = datasets["responses"]
    axes = _texts(responses, "axis_names")
    if axes != ["pad", "time"] or responses.ndim != 3:
        raise ValueError(f"its axes are {', '.join(axes)}; they must be pad and time")
    events = responses.shape[0]
    for name, shape in (("event_ids", (events,)), ("conditions", (events, conditions))):
        if datasets[name].shape != shape:
            raise ValueError(f"{name} has shape {datasets[name].shape}; the rest of the file says {shape}")
    if not events:
        raise ValueError("it holds no events")
    numbers, counts = np.unique(datasets["event_ids"][()], return_counts=True)
    if (counts > 1).any():
        raise ValueError(f"event {numbers[counts > 1][0]} is in it twice")


def _rows_in(responses: h5py.Dataset, size: int) -> int:
    """How many responses have that many bytes, so that no chunk is read twice."""
    step: int = responses.chunks[0] if responses.chunks else 1
    return max(step, size // max(4 * math.prod(responses.shape[1:]), 1) // step * step)


def _hits(
    path: Path, datasets: dict[str, h5py.Dataset], events: range, columns: Sequence[int], names: tuple[str, ...]
) -> Hits:
    responses, ids = datasets["responses"], datasets["event_ids"][events.start : events.stop]
    pad_start, time_start = (float(start) for start in responses.attrs["axis_starts"])
    at_once = _rows_in(responses, _SLICE)
    parts, hits = [], 0
    for first in range(0, len(ids), at_once):
        part = responses[events.start + first : min(events.start + first + at_once, events.stop)]
        event, pad, time = np.nonzero(part)
        hits += len(event)
        if hits > _MOST_HITS:  # packed, they may be a thousand times smaller
            raise ValueError(f"it has more than {_MOST_HITS} hits; divide it")
        parts.append((event + first, pad, time, part[event, pad, time]))
    event, pad, time, amplitude = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    place = np.concatenate([event, np.setdiff1d(np.arange(len(ids)), event)])
    with np.errstate(invalid="ignore"):  # a NaN of the signalling kind; like others, it is refused later
        return Hits(
            path,
            ids[place].astype(np.float64),
            pad + pad_start,
            time + time_start,
            amplitude.astype(np.float64),
            conditions=datasets["conditions"][events.start : events.stop].astype(np.float64)[np.ix_(place, columns)],
            names=names,
            place_of=lambda hit: f"responses[{events.start + place[hit]}]",
        )


def write_hdf5(path: Path, info: DataInfo, events: int, samples: Iterable[Sample]) -> tuple[str, ...]:
    """Writes one sample after another into arrays of known size, uncompressed.

    The HDF5 library does not survive a full disk. So the headers are made in memory, and the space for the arrays is
    reserved before the library writes.

    Raises:
        OSError: Where the file cannot be written.
    """
    image = _headers(info, events)
    with path.open("wb") as file:
        file.write(image)
        file.flush()
        per_event = 4 * math.prod(info.shape) + 4 * len(info.conditions) + 8
        os.posix_fallocate(file.fileno(), 0, len(image) + events * per_event + _SPARE)
    given = 0
    with h5py.File(path, "r+") as arrays:
        for sample in samples:
            begin, given = given, given + len(sample)
            if given > events:
                break
            for name in _TYPES:
                arrays[name][begin:given] = getattr(sample, name)
            del sample  # so that it is gone when the next one is made
    if given != events:
        raise ValueError(f"{events} events were announced, but the samples hold {'more' if given > events else given}")
    return ()


def _headers(info: DataInfo, events: int) -> bytes:
    """A file whose arrays have no place yet; they get one behind it when they are first written to."""
    with h5py.File("headers", "w", driver="core", backing_store=False) as file:
        file.attrs["schema_version"] = "1.0"
        _set_texts(file, "notes", [])
        responses = file.create_dataset("responses", (events, *info.shape), "float32")
        responses.attrs.update(quantity=info.quantity, unit=info.unit, threshold=float(info.threshold))
        _set_texts(responses, "axis_names", [axis.name for axis in info.axes])
        _set_texts(responses, "axis_units", [axis.unit for axis in info.axes])
        responses.attrs["axis_sizes"] = [int(axis.size) for axis in info.axes]
        responses.attrs["axis_starts"] = [float(axis.start) for axis in info.axes]
        conditions = file.create_dataset("conditions", (events, len(info.conditions)), "float32")
        _set_texts(conditions, "names", [condition.name for condition in info.conditions])
        _set_texts(conditions, "units", [condition.unit for condition in info.conditions])
        conditions.attrs["low"] = [float(condition.low) for condition in info.conditions]
        conditions.attrs["high"] = [float(condition.high) for condition in info.conditions]
        conditions.attrs["period"] = [condition.period or math.nan for condition in info.conditions]
        file.create_dataset("event_ids", (events,), "int64")
        file.flush()
        image: bytes = file.id.get_file_image()
    return image


def _set_texts(target: h5py.File | h5py.Dataset, name: str, texts: list[str]) -> None:
    target.attrs.create(name, texts, shape=(len(texts),), dtype=h5py.string_dtype())


def _texts(source: h5py.Dataset, name: str) -> list[str]:
    return [str(text) for text in source.attrs[name]]
