"""Keras' HDF5 files: the model's configuration and its weights, no byte of them trusted.

Sizes are compared with the file's own before anything is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from plugins.keras_file.errors import ModelFileError, shown
from plugins.keras_file.graph import MOST_LAYERS
from plugins.keras_file.layers import Shape
from runner.api import Hdf5Error, open_hdf5

MOST_TEXT = 2**24
MOST_BYTES = 2**31
DENSEST = 64
"""How many times the file's size its weights may have; Keras does not compress them."""

_MOST_WEIGHTS = 16  # of one layer
_DEEPEST = 16  # groups within groups
_SAVE = "save the model with model.save('x.h5')"


@contextmanager
def open_model(path: Path) -> Iterator[ModelFile]:
    """Opens a file; all that is said against it inside begins with its path.

    Raises:
        ModelFileError: Where it is no HDF5 file, or refused inside.
    """
    try:
        _check_kind(path)
        with open_hdf5(path) as file:
            yield ModelFile(file, path.stat().st_size)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error
    except (Hdf5Error, FileNotFoundError) as error:
        raise ModelFileError(f"{path}: is damaged: {error}") from error


class ModelFile:
    """An open file.

    Args:
        file: The file.
        size: Its size [bytes].
    """

    def __init__(self, file: h5py.File, size: int) -> None:
        self._file = file
        self._spare = min(DENSEST * size, MOST_BYTES)  # bytes that weights may still claim

    def config(self) -> str:
        """The model's configuration, JSON.

        Raises:
            ModelFileError: Where there is none, or no weights beside it.
        """
        found = _attribute(self._file, "model_config", 1)
        if found is None:
            raise ModelFileError(self._instead())
        text = found.decode() if isinstance(found, bytes) else found
        if not isinstance(text, str) or len(text) > MOST_TEXT:
            raise ModelFileError(f"its model_config is not a text of at most {MOST_TEXT} characters")
        if not isinstance(_find(self._file, "model_weights"), h5py.Group):
            raise ModelFileError(f"has no group model_weights, so no weights; {_SAVE}")
        return text

    def weights(self, layer: str, expected: Mapping[str, Shape]) -> list[NDArray[np.float32]]:
        """Weights of one layer, in its own order.

        Args:
            layer: Its name.
            expected: Their shapes, by what the layer calls them.

        Raises:
            ModelFileError: Where the file does not have exactly these.
        """
        group = _find(self._file, f"model_weights/{layer}")
        names = _weight_names(group)
        if extra := names[len(expected) :]:
            raise ModelFileError(f"the file has a weight {shown(extra[0])}, which the layer has not")
        if missing := list(expected)[len(names) :]:
            raise ModelFileError(f"the file lacks the weight {missing[0]}")
        pairs = zip(expected.items(), names, strict=True)
        return [self._read(f"{what} ({shown(name)})", _find(group, name), shape) for (what, shape), name in pairs]

    def check_no_others(self, layers: Iterable[str]) -> None:
        """Refuses weights of layers beside these.

        Args:
            layers: Names of all of the model's layers.

        Raises:
            ModelFileError: Where there are some.
        """
        known = {layer.partition("/")[0] for layer in layers}
        group = _find(self._file, "model_weights")
        if len(group) > 2 * MOST_LAYERS:
            raise ModelFileError(f"the file has weights of {len(group)} layers")
        for name in group:
            if name not in known and _weight_names(_find(group, name)):
                raise ModelFileError(f"the file has weights of a layer {shown(name)}, which the model has not")

    def _instead(self) -> str:
        """What a file without a model is."""
        if "layer_names" in self._file.attrs or self._file.id.links.exists(b"layers"):
            return f"holds weights only, no model (no model_config); {_SAVE}, not save_weights"
        return f"is HDF5, but holds no Keras model (no model_config); {_SAVE}"

    def _read(self, what: str, dataset: Any, shape: Shape) -> NDArray[np.float32]:
        if not isinstance(dataset, h5py.Dataset):
            raise ModelFileError(f"the weight {what} is not in the file")
        if dataset.shape != shape:
            raise ModelFileError(f"the weight {what} has the shape {dataset.shape}, but the layer needs {shape}")
        if dataset.dtype.kind != "f" or dataset.dtype.itemsize > 8:
            raise ModelFileError(f"the weight {what} is of type {dataset.dtype}, not of floating-point numbers")
        # chunks may reach beyond the array, but are read as a whole
        sizes = zip(shape, dataset.chunks or shape, strict=True)
        self._spare -= math.prod(max(size) for size in sizes) * dataset.dtype.itemsize
        if self._spare < 0:
            raise ModelFileError(f"the weight {what} claims more bytes than a file of this size can hold")
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
            values: NDArray[np.float32] = dataset[()].astype(np.float32)
        if not np.isfinite(values).all():
            raise ModelFileError(f"the weight {what} has NaN or infinite values")
        return values


def _check_kind(path: Path) -> None:
    """Names what is often mistaken for a Keras HDF5 file."""
    if path.is_dir():
        raise ModelFileError(f"is a folder, maybe a SavedModel, not an HDF5 file; {_SAVE}")
    if not path.is_file():
        raise ModelFileError("no such file")
    if path.stat().st_size > MOST_BYTES:
        raise ModelFileError(f"has {path.stat().st_size} bytes; at most {MOST_BYTES} are read")
    with path.open("rb") as file:
        if file.read(4) == b"PK\x03\x04":
            raise ModelFileError(f"is a zip archive (.keras), not an HDF5 file; {_SAVE}")
    if not h5py.is_hdf5(path):
        raise ModelFileError(f"is no HDF5 file; {_SAVE}")


def _find(group: Any, path: str) -> Any:
    """The object at a path, or None."""
    parts = path.split("/")
    if len(parts) > _DEEPEST:
        return None
    for part in parts:
        if not isinstance(group, h5py.Group) or part in ("", ".") or not group.id.links.exists(part.encode()):
            return None
        group = group[part]
    return group


def _weight_names(group: Any) -> list[str]:
    found = _attribute(group, "weight_names", _MOST_WEIGHTS) if isinstance(group, h5py.Group) else None
    names = [] if found is None else [name.decode() if isinstance(name, bytes) else name for name in found]
    if not all(isinstance(name, str) for name in names):
        raise ModelFileError(f"its weight_names are {shown(names)}")
    return names


def _attribute(owner: h5py.Group, name: str, most: int) -> Any:
    """An attribute of at most so many elements, or None."""
    if name not in owner.attrs:
        return None
    header = owner.attrs.get_id(name)
    elements, size = math.prod(header.shape), header.dtype.itemsize
    if elements > most or elements * size > MOST_TEXT:
        raise ModelFileError(f"its {name} is too long: {elements} elements of {size} bytes")
    return owner.attrs[name]
