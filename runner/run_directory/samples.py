"""Responses in HDF5, with names, units and ranges in attributes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from runner import hdf5
from runner.errors import DataError, RunDirectoryError
from runner.run_directory.files import write_hdf5

if TYPE_CHECKING:
    import h5py

    from runner.api import DataInfo, Sample

SCHEMA_VERSION = "1.0"

_TYPES = {"responses": "float32", "conditions": "float32", "event_ids": "int64"}


def write_sample(path: Path, sample: Sample, **attributes: str | int | float) -> None:
    """Writes events, compressed.

    Datasets: ``responses`` (events, *shape), ``conditions`` (events, n), ``event_ids`` (events,). What they are is
    in the attributes of the first two; `attributes` and the notes are attributes of the file.

    Args:
        path: The file.
        sample: The events.
        attributes: Where they come from, e.g. ``seed=1, step=2000``.

    Raises:
        RunDirectoryError: If it cannot be written.
    """
    info = sample.info
    with write_hdf5(path) as file:
        file.attrs.update(attributes)
        file.attrs["schema_version"] = SCHEMA_VERSION
        _set_texts(file, "notes", sample.notes)
        responses = file.create_dataset("responses", data=sample.responses, compression="gzip", shuffle=True)
        responses.attrs.update(quantity=info.quantity, unit=info.unit, threshold=float(info.threshold))
        _set_texts(responses, "axis_names", [axis.name for axis in info.axes])
        _set_texts(responses, "axis_units", [axis.unit for axis in info.axes])
        responses.attrs["axis_sizes"] = [int(axis.size) for axis in info.axes]
        responses.attrs["axis_starts"] = [float(axis.start) for axis in info.axes]
        conditions = file.create_dataset("conditions", data=sample.conditions)
        _set_texts(conditions, "names", [condition.name for condition in info.conditions])
        _set_texts(conditions, "units", [condition.unit for condition in info.conditions])
        conditions.attrs["low"] = [float(condition.low) for condition in info.conditions]
        conditions.attrs["high"] = [float(condition.high) for condition in info.conditions]
        conditions.attrs["period"] = [condition.period or math.nan for condition in info.conditions]
        file.create_dataset("event_ids", data=sample.event_ids)


def read_sample(path: Path) -> Sample:
    """Events as they were written.

    Raises:
        RunDirectoryError: If the file is missing or broken, or its parts do not fit each other.
    """
    from runner.api import Sample

    try:
        with hdf5.open_hdf5(path) as file:
            datasets = {name: _dataset(file, name) for name in _TYPES}
            info = _info(datasets["responses"], datasets["conditions"])
            _check_shapes(info, datasets)
            return Sample(
                info, **{name: found[()] for name, found in datasets.items()}, notes=hdf5.texts(file, "notes")
            )
    except FileNotFoundError as error:
        raise RunDirectoryError(f"{path}: no such file; the run has not come this far") from error
    except (hdf5.Hdf5Error, DataError) as error:
        raise RunDirectoryError(f"{path}: is not a file of responses: {error}") from error


def _dataset(file: h5py.File, name: str) -> h5py.Dataset:
    import h5py

    found = file[name]
    if not isinstance(found, h5py.Dataset) or found.dtype != _TYPES[name]:
        raise ValueError(f"{name} must be a {_TYPES[name]} dataset, not {found!r}")
    return found


def _check_shapes(info: DataInfo, datasets: dict[str, h5py.Dataset]) -> None:
    """Everything from the headers, before anything is read."""
    events = datasets["event_ids"].shape
    expected = {
        "event_ids": events[:1],
        "responses": (*events, *info.shape),
        "conditions": (*events, len(info.conditions)),
    }
    for name, shape in expected.items():
        if datasets[name].shape != shape:
            raise ValueError(f"{name} has shape {datasets[name].shape}; the rest of the file says {shape}")


def _info(responses: h5py.Dataset, conditions: h5py.Dataset) -> DataInfo:
    from runner.api import Axis, Condition, DataInfo

    sizes, starts = responses.attrs["axis_sizes"], responses.attrs["axis_starts"]
    axes = zip(hdf5.texts(responses, "axis_names"), sizes, hdf5.texts(responses, "axis_units"), starts, strict=True)
    low, high = conditions.attrs["low"], conditions.attrs["high"]
    periods = conditions.attrs.get("period", [math.nan] * len(low))  # files of earlier versions have none
    declared = zip(hdf5.texts(conditions, "names"), hdf5.texts(conditions, "units"), low, high, periods, strict=True)
    return DataInfo(
        axes=tuple(Axis(name, int(size), unit, float(start)) for name, size, unit, start in axes),
        quantity=str(responses.attrs["quantity"]),
        unit=str(responses.attrs["unit"]),
        threshold=float(responses.attrs["threshold"]),
        conditions=tuple(
            Condition(name, unit, float(a), float(b), None if math.isnan(period) else float(period))
            for name, unit, a, b, period in declared
        ),
    )


def _set_texts(target: h5py.File | h5py.Dataset, name: str, texts: list[str] | tuple[str, ...]) -> None:
    import h5py

    target.attrs.create(name, list(texts), shape=(len(texts),), dtype=h5py.string_dtype())
