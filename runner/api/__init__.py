"""All a plugin author imports.

Importing this package loads numpy, pydantic and pluggy, never TensorFlow: a plugin's ``__init__`` declares
components with it, and imports its networks inside ``build``.
"""

import pluggy
from pydantic import Field

from runner.api.component import (
    Architecture,
    Callback,
    Component,
    Dataset,
    Loss,
    Metric,
    Strategy,
    Transform,
    Writer,
)
from runner.api.data import Axis, Condition, DataInfo, Sample
from runner.api.parameters import DataFile, Params
from runner.api.scores import Histogram, Measurement, Scatter, Score
from runner.api.stored import StoredArray
from runner.api.training import CallbackContext, Role, Signature, Slot, TrainingStep
from runner.errors import DataError
from runner.hdf5 import Hdf5Error, open_hdf5

hookimpl = pluggy.HookimplMarker("runner")

__all__ = [
    "Architecture",
    "Axis",
    "Callback",
    "CallbackContext",
    "Component",
    "Condition",
    "DataError",
    "DataFile",
    "DataInfo",
    "Dataset",
    "Field",
    "Hdf5Error",
    "Histogram",
    "Loss",
    "Measurement",
    "Metric",
    "Params",
    "Role",
    "Sample",
    "Scatter",
    "Score",
    "Signature",
    "Slot",
    "StoredArray",
    "Strategy",
    "TrainingStep",
    "Transform",
    "Writer",
    "hookimpl",
    "open_hdf5",
]
