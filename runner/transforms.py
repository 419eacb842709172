"""A transform fitted to the training events, ready for both directions and for the run folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from runner import hdf5
from runner.api import Condition, DataInfo, Sample, Transform
from runner.api.component import State
from runner.errors import PluginError, RunDirectoryError
from runner.plan import Choice
from runner.run_directory import write_hdf5


@dataclass(frozen=True)
class FittedTransform:
    """A transform with what it learned.

    Attributes:
        choice: The transform and its parameters.
        state: What `fit` returned.
        info: Description of the data in physical units.
    """

    choice: Choice[Transform]
    state: State
    info: DataInfo

    @classmethod
    def fit(cls, choice: Choice[Transform], sample: Sample) -> FittedTransform:
        """Fitted to the training events."""
        with choice.blamed("fit"):
            return cls(choice, choice.component.fit(choice.params, sample), sample.info)

    def forward(self, responses: Any, ops: Any = np) -> Any:
        """Amplitudes [info.unit] to network units, (events, *shape)."""
        with self.choice.blamed("forward"):
            return self.choice.component.forward(self.choice.params, self.state, responses, ops)

    def inverse(self, responses: Any, ops: Any = np) -> Any:
        """Network units to amplitudes [info.unit], (events, *shape)."""
        with self.choice.blamed("inverse"):
            return self.choice.component.inverse(self.choice.params, self.state, responses, ops)

    def forward_conditions(self, conditions: Any, ops: Any = np) -> Any:
        """Conditions in their units to network units, (events, n)."""
        declared = self.info.conditions
        with self.choice.blamed("forward_conditions"):
            return self.choice.component.forward_conditions(self.choice.params, self.state, conditions, declared, ops)

    def describe(self) -> DataInfo:
        """The transformed data: condition ranges in network units; the threshold, which is not there, is 0.

        Raises:
            PluginError: If the transform changes the number of conditions.
        """
        ranges = np.asarray(self.forward_conditions(self.info.condition_ranges))
        if ranges.shape != (2, len(self.info.conditions)):
            raise PluginError(
                f"transform {self.choice.component.name} turns {len(self.info.conditions)} conditions into "
                f"an array {ranges.shape[1:]}; it must keep their number"
            )
        conditions = tuple(
            Condition(condition.name, "network units", float(low), float(high))
            for condition, low, high in zip(self.info.conditions, *np.sort(ranges, axis=0), strict=True)
        )
        return replace(self.info, unit="network units", threshold=0.0, conditions=conditions)

    def save(self, path: Path) -> None:
        """Name and state as HDF5; parameters and description are the run's `resolved.yaml`."""
        with write_hdf5(path) as file:
            file.attrs["transform"] = self.choice.component.name
            for name, array in self.state.items():
                file.create_dataset(name, data=array)

    @classmethod
    def load(cls, path: Path, choice: Choice[Transform], info: DataInfo) -> FittedTransform:
        """The transform of a run.

        Raises:
            RunDirectoryError: If the file cannot be read, or is another transform's.
        """
        try:
            with hdf5.open_hdf5(path) as file:
                name = str(file.attrs.get("transform"))
                state = {key: np.asarray(dataset) for key, dataset in file.items()}
        except (hdf5.Hdf5Error, FileNotFoundError) as error:
            raise RunDirectoryError(f"{path}: cannot be read: {error}") from error
        if name != choice.component.name:
            raise RunDirectoryError(f"{path}: holds the transform {name}, but the run uses {choice.component.name}")
        return cls(choice, state, info)
