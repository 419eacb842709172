"""Networks as Keras HDF5 files, which plain Keras opens too."""

from __future__ import annotations

from pathlib import Path

import keras
from keras.src.legacy.saving.legacy_h5_format import save_model_to_hdf5

from runner import hdf5
from runner.errors import RunDirectoryError
from runner.run_directory import write_hdf5


def save_network(path: Path, network: keras.Model) -> None:
    """Architecture and weights; opens with ``keras.models.load_model(path, compile=False)``.

    Keras' own `save` takes no file that is open already, and a full disk would end the process in the HDF5 library.

    Raises:
        RunDirectoryError: If it cannot be written.
    """
    with write_hdf5(path) as file:
        save_model_to_hdf5(network, file, include_optimizer=False)


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
