"""The whole state of a training, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from runner import hdf5
from runner.backend.building import variables
from runner.backend.training import Trainer
from runner.errors import RunDirectoryError
from runner.run_directory import write_hdf5


def save(path: Path, trainer: Trainer) -> None:
    """Step and every variable, as HDF5; complete under its name or not there.

    Raises:
        RunDirectoryError: If it cannot be written.
    """
    with write_hdf5(path) as file:
        file.attrs["step"] = trainer.step
        for name, variable in variables(trainer.built):
            file.create_dataset(name, data=np.asarray(variable)).attrs["name"] = variable.name


def restore(path: Path, trainer: Trainer) -> None:
    """Sets a newly built trainer to the saved state.

    Raises:
        RunDirectoryError: If the file cannot be read, or an entry is missing, too many or of another shape;
            nothing has been changed then.
    """
    present = dict(variables(trainer.built))
    try:
        with hdf5.open_hdf5(path, most_bytes=None) as file:  # no more is read than the variables take
            step = int(file.attrs["step"])
            saved: dict[str, Any] = {}
            file.visititems(lambda name, item: saved.update({name: item}) if hasattr(item, "shape") else None)
            _check_same(path, saved, present)
            values = {name: item[()] for name, item in saved.items()}
    except (hdf5.Hdf5Error, FileNotFoundError) as error:
        raise RunDirectoryError(f"{path}: not a checkpoint: {error}") from error
    for name, variable in present.items():
        variable.assign(values[name])
    trainer.step = step


def _check_same(path: Path, saved: Mapping[str, Any], present: Mapping[str, keras.Variable]) -> None:
    for name in sorted({*saved, *present}):
        if name not in saved or name not in present:
            holder = "the experiment's networks" if name not in saved else "the checkpoint"
            raise RunDirectoryError(f"{path}: {name} is only in {holder}; it belongs to another experiment")
        if saved[name].shape != tuple(present[name].shape) or saved[name].dtype != present[name].dtype:
            raise RunDirectoryError(
                f"{path}: {name} is {saved[name].dtype} {saved[name].shape}, but the experiment's "
                f"{present[name].name} is {present[name].dtype} {tuple(present[name].shape)}"
            )
