"""Generators from Keras HDF5 files, rebuilt layer by layer; nothing in a file is executed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from runner.api import Architecture, DataError, DataFile, DataInfo, Field, Params, Signature, hookimpl

if TYPE_CHECKING:
    import keras


class KerasGeneratorParams(Params):
    """Parameters of `keras_generator`."""

    path: DataFile = Field(description="model saved by Keras 2 or 3 as HDF5, with model.save('x.h5')")
    conditions: Literal["first", "last"] = Field(
        "first", description="where the conditions stand in the latent vector of a network with a single input"
    )


class KerasGenerator(Architecture):
    """A generator with its weights, from a Keras HDF5 file (Keras 2 or 3).

    Sequential and functional models of common layers are read. A network with a single input of k numbers gets the
    n conditions and k - n random numbers in it; one with two inputs must call them latent and conditions. The output
    must have the data's shape, maybe with one channel, or be flat.

    What only training needs is not read: initialisers, regularisers, constraints, frozen layers, the optimizer. The
    network computes in float32, whatever the precision of the experiment's others.
    """

    name = "keras_generator"
    role = "generator"
    Params = KerasGeneratorParams

    def signature(self, params: KerasGeneratorParams, data: DataInfo) -> Signature:
        """From the file's model configuration; its options are checked, weights are not read."""
        from plugins.keras_file.graph import parse
        from plugins.keras_file.inputs import signature_of
        from plugins.keras_file.model_file import open_model

        with open_model(params.path) as file:
            return signature_of(parse(file.config()), data)

    def build(self, params: KerasGeneratorParams, data: DataInfo) -> keras.Model:
        """The network with the file's weights.

        Raises:
            DataError: Where the file is not such a model, or the model not one for these data.
        """
        from plugins.keras_file.errors import ModelFileError
        from plugins.keras_file.graph import parse
        from plugins.keras_file.inputs import signature_of
        from plugins.keras_file.model_file import open_model
        from plugins.keras_file.network import build

        try:
            with open_model(params.path) as file:
                model = parse(file.config())
                return build(file, model, signature_of(model, data), conditions_first=params.conditions == "first")
        except ModelFileError as error:
            raise DataError(str(error)) from error


@hookimpl
def runner_architectures() -> Iterable[Architecture]:
    """The network of this plugin."""
    return [KerasGenerator()]
