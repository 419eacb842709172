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
    Reference,
    Strategy,
    Transform,
    Writer,
)
from runner.api.data import Axis, Condition, DataInfo, Sample
from runner.api.figures import Bars, Curves, Figure, Histogram, Maps, Matrices, Profile, Scatter
from runner.api.model import TrainedModel
from runner.api.parameters import DataFile, Params
from runner.api.scores import Measurement, Score
from runner.api.stored import StoredArray
from runner.api.training import CallbackContext, Role, Signature, Slot, TrainingStep
from runner.errors import DataError
from runner.hdf5 import Hdf5Error, open_hdf5

hookimpl = pluggy.HookimplMarker("runner")

__all__ = [
    "Architecture",
    "Axis",
    "Bars",
    "Callback",
    "CallbackContext",
    "Component",
    "Condition",
    "Curves",
    "DataError",
    "DataFile",
    "DataInfo",
    "Dataset",
    "Field",
    "Figure",
    "Hdf5Error",
    "Histogram",
    "Loss",
    "Maps",
    "Matrices",
    "Measurement",
    "Metric",
    "Params",
    "Profile",
    "Reference",
    "Role",
    "Sample",
    "Scatter",
    "Score",
    "Signature",
    "Slot",
    "StoredArray",
    "Strategy",
    "TrainedModel",
    "TrainingStep",
    "Transform",
    "Writer",
    "hookimpl",
    "open_hdf5",
]
