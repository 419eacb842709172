"""``figures.h5``: the data of the metrics' figures, so that they can be drawn again from the run folder alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from runner import hdf5
from runner.errors import RunDirectoryError
from runner.run_directory.directory import RunDirectory
from runner.run_directory.files import write_hdf5

if TYPE_CHECKING:
    import h5py

    from runner.api import Figure

SCHEMA_VERSION = "1.0"

_MOST_BYTES = 2**30  # in memory
_LARGEST = 1e100
_METRIC = re.compile(r"[a-z][a-z0-9_]{0,99}")  # becomes the name of a folder


def write_figures(run: RunDirectory, figures: Mapping[str, Sequence[Figure]], *, step: int) -> None:
    """Replaces the data of a run's figures.

    A group for each metric holds a group for each figure, with its arrays as datasets in float32 or float64 and all
    else as attributes; ``kind`` says which of the figures in `runner.api` it is. Of two figures of one name, the later
    one stays, as for their pictures.

    Args:
        run: The run.
        figures: By metric, in the order they are shown.
        step: Training step of the networks.

    Raises:
        RunDirectoryError: If they cannot be written.
    """
    with write_hdf5(run.figure_data) as file:
        file.attrs.update(schema_version=SCHEMA_VERSION, step=step)
        _set_texts(file, "metrics", list(figures))
        for metric, of_metric in figures.items():
            group = file.create_group(metric)
            named = {figure.name: figure for figure in of_metric}
            _set_texts(group, "figures", list(named))
            for name, figure in named.items():
                _write(group.create_group(name), figure)


def read_figures(run: RunDirectory) -> dict[str, tuple[Figure, ...]]:
    """The data of a run's figures by metric; none where the run has no such file.

    Raises:
        RunDirectoryError: Naming file and figure, where something is missing or does not fit the rest.
    """
    try:
        with hdf5.open_hdf5(run.figure_data, most_bytes=_MOST_BYTES) as file:
            _check_version(str(file.attrs["schema_version"]))
            return {metric: _read_metric(file, metric) for metric in hdf5.texts(file, "metrics")}
    except FileNotFoundError:
        return {}
    except hdf5.Hdf5Error as error:
        raise RunDirectoryError(f"{run.figure_data}: is not a file of figures: {error}") from error


def _check_version(found: str) -> None:
    if int(found.partition(".")[0]) > int(SCHEMA_VERSION.partition(".")[0]):
        raise ValueError(f"schema version {found}, this program knows {SCHEMA_VERSION}; install a newer tpc-runner")


def _kinds() -> dict[str, type[Figure]]:
    from runner.api import Figure

    return {kind.__name__.lower(): kind for kind in get_args(Figure)}


def _write(group: h5py.Group, figure: Figure) -> None:
    group.attrs["kind"] = type(figure).__name__.lower()
    for field in fields(figure):
        _write_field(group, field.name, getattr(figure, field.name))


def _write_field(group: h5py.Group, name: str, value: Any) -> None:
    """One field of a figure, in the form that its value has; what is None is left out."""
    import numpy as np

    from runner.api import Axis

    if isinstance(value, np.ndarray):
        numbers = value if value.dtype in (np.float32, np.float64) else value.astype(np.float64)
        group.create_dataset(name, data=numbers, **({"compression": "gzip", "shuffle": True} if value.size else {}))
    elif isinstance(value, Mapping):
        part = group.create_group(name)
        _set_texts(part, "names", list(value))
        for number, array in enumerate(value.values()):
            _write_field(part, str(number), array)
    elif isinstance(value, (list, tuple)) and any(isinstance(entry, Axis) for entry in value):
        part = group.create_group(name)
        for number, axis in enumerate(value):
            part.create_group(str(number)).attrs.update(vars(axis))
    elif isinstance(value, (list, tuple)):
        _set_texts(group, name, value)
    elif value is not None:
        group.attrs[name] = value


def _read_metric(file: h5py.File, metric: str) -> tuple[Figure, ...]:
    if not _METRIC.fullmatch(metric):
        raise ValueError(f"{metric[:60]!r} is no name of a metric")
    return tuple(_read(file[metric][name], metric, name) for name in hdf5.texts(file[metric], "figures"))


def _read(group: h5py.Group, metric: str, name: str) -> Figure:
    try:
        kind = _kinds()[str(group.attrs["kind"])]
        hints = get_type_hints(kind)
        figure = kind(**{field.name: _readers()[hints[field.name]](group, field.name) for field in fields(kind)})
        if figure.name != name:
            raise ValueError("it has another name")
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"{metric}, figure {name[:60]!r}: {error}") from error
    return figure


def _readers() -> dict[Any, Callable[[h5py.Group, str], Any]]:
    """How a field is read, by its declared type."""
    from runner.api import Axis

    return {
        str: _text,
        bool: lambda group, name: bool(group.attrs[name]),
        float | None: lambda group, name: float(group.attrs[name]) if name in group.attrs else None,
        tuple[str, str]: hdf5.texts,
        Sequence[str]: hdf5.texts,
        tuple[Axis, Axis]: _axes,
        **_array_readers(),
    }


def _array_readers() -> dict[Any, Callable[[h5py.Group, str], Any]]:
    import numpy as np
    from numpy.typing import NDArray

    array = NDArray[np.floating]
    return {
        array: _array,
        array | None: lambda group, name: _array(group, name) if name in group else None,
        Mapping[str, array]: lambda group, name: {
            text: _array(group[name], str(number)) for number, text in enumerate(hdf5.texts(group[name], "names"))
        },
    }


def _text(group: h5py.Group, name: str) -> str:
    return str(group.attrs[name])


def _number(group: h5py.Group, name: str) -> float:
    number = float(group.attrs[name])
    if not abs(number) < _LARGEST:
        raise ValueError(f"{name} is {number}, which nothing can be drawn at")
    return number


def _axes(group: h5py.Group, name: str) -> tuple[Any, ...]:
    from runner.api import Axis

    found = [group[name][number] for number in ("0", "1")]
    return tuple(
        Axis(_text(axis, "name"), int(axis.attrs["size"]), _text(axis, "unit"), _number(axis, "start"))
        for axis in found
    )


def _array(group: h5py.Group, name: str) -> Any:
    import h5py
    import numpy as np

    found = group[name]
    if not isinstance(found, h5py.Dataset) or found.dtype not in (np.float32, np.float64) or found.shape is None:
        raise ValueError(f"{name} must be a dataset of float32 or float64")
    return found[()]


def _set_texts(target: h5py.Group, name: str, texts: Sequence[str]) -> None:
    import h5py

    target.attrs.create(name, list(texts), shape=(len(texts),), dtype=h5py.string_dtype())
