"""The whole state of a training, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from runner import hdf5
from runner.backend.training import Trainer
from runner.errors import RunDirectoryError
from runner.run_directory import write_hdf5


def variables(trainer: Trainer) -> Iterator[tuple[str, keras.Variable]]:
    """Every variable of every network, optimizer and seed generator, and the strategy's own, each once.

    Named by position: Keras numbers layers across the whole process, so that their names differ between runs.
    """
    built, seen = trainer.built, set()
    owners: list[tuple[str, Any]] = [(f"networks/{role}", network) for role, network in built.networks.items()]
    owners += [(f"optimizers/{role}", optimizer) for role, optimizer in built.optimizers.items()]
    owners.append(("strategy", built.model))
    for owner, holder in owners:
        for number, variable in enumerate(_held(holder)):
            if id(variable) not in seen:
                seen.add(id(variable))
                yield f"{owner}/{number:04d}", variable


def _held(holder: Any) -> list[keras.Variable]:
    """Variables of a network, optimizer or model, also those that Keras does not list.

    Wrapped for loss scaling, Nadam's running product is such a one.
    """
    found = list(holder.variables)
    for owner in (holder, getattr(holder, "inner_optimizer", None)):
        found += [value for value in vars(owner).values() if isinstance(value, keras.Variable)] if owner else []
    return found


def save(path: Path, trainer: Trainer) -> None:
    """Step and every variable, as HDF5; complete under its name or not there.

    Raises:
        RunDirectoryError: If it cannot be written.
    """
    with write_hdf5(path) as file:
        file.attrs["step"] = trainer.step
        for name, variable in variables(trainer):
            file.create_dataset(name, data=np.asarray(variable)).attrs["name"] = variable.name


def restore(path: Path, trainer: Trainer) -> None:
    """Sets a newly built trainer to the saved state.

    Raises:
        RunDirectoryError: If the file cannot be read, or an entry is missing, too many or of another shape;
            nothing has been changed then.
    """
    present = dict(variables(trainer))
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
