"""Networks as Keras HDF5 files, which plain Keras opens too."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
from absl import logging as absl_logging

from runner import hdf5
from runner.errors import RunDirectoryError
from runner.run_directory import replace_atomic


def save_network(path: Path, network: keras.Model) -> None:
    """Architecture and weights; opens with ``keras.models.load_model(path, compile=False)``.

    Raises:
        RunDirectoryError: If it cannot be written.
    """
    with replace_atomic(path) as temporary, _quiet():
        try:
            network.save(temporary, include_optimizer=False)
        except RuntimeError as error:  # what the HDF5 library makes of a full disk
            raise RunDirectoryError(f"{path}: cannot be written: {error}") from error


def load_weights(path: Path, network: keras.Model) -> None:
    """Weights of a saved network into one built anew: no code or configuration in the file is used.

    Raises:
        RunDirectoryError: If the file cannot be read or holds another network.
    """
    try:
        with hdf5.open_hdf5(path):  # Keras opens it too, once it is known to be harmless
            network.load_weights(path)
    except (hdf5.Hdf5Error, FileNotFoundError) as error:
        raise RunDirectoryError(f"{path}: not the weights of this network: {error}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keras advises against HDF5 on every save; the format is this project's choice."""
    logger = absl_logging.get_absl_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
