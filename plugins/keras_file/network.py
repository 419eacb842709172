"""From a model file to a Keras network."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import keras

from plugins.keras_file.errors import ModelFileError, shown
from plugins.keras_file.graph import Layer, Model
from plugins.keras_file.layers import check_elements, weights_of
from plugins.keras_file.model_file import ModelFile
from runner.api import Signature


def build(file: ModelFile, model: Model, signature: Signature, *, conditions_first: bool) -> keras.Model:
    """The network, with the file's weights.

    Args:
        file: Where the weights are.
        model: What the file's configuration describes.
        signature: Inputs and output wanted.
        conditions_first: Whether the conditions come before the random numbers in a single input.

    Raises:
        ModelFileError: Where weights and layers, or the output and the data, do not fit.
    """
    file.check_no_others([*(entry.layer for entry in model.inputs), *(layer.name for layer in model.layers)])
    inputs = {name: keras.Input(shape, name=name) for name, shape in signature.inputs.items()}
    tensors = _fed(model, inputs, conditions_first)
    for layer in model.layers:
        sources = [tensors[name] for name in layer.fed_by]
        with _told(f"layer {shown(layer.name)} of class {layer.kind!r}"):
            tensors[layer.name] = _apply(file, layer, sources)
    with _told("its network"):
        return keras.Model(inputs, _response(tensors[model.output], signature))


def _fed(model: Model, inputs: Mapping[str, keras.KerasTensor], first: bool) -> dict[str, keras.KerasTensor]:
    """What each of the model's inputs is fed, by the name of its layer."""
    if len(model.inputs) > 1:
        return {entry.layer: inputs[entry.name] for entry in model.inputs}
    order = ("conditions", "latent") if first else ("latent", "conditions")
    parts = [inputs[name] for name in order if name in inputs]
    return {model.inputs[0].layer: keras.layers.Concatenate(dtype="float32")(parts) if len(parts) > 1 else parts[0]}


def _apply(file: ModelFile, layer: Layer, sources: list[keras.KerasTensor]) -> keras.KerasTensor:
    """The output of a layer, which is made only when its sizes and its weights in the file are known to fit."""
    made = getattr(keras.layers, layer.kind)(**layer.arguments, dtype="float32")
    expected = weights_of(layer.kind, layer.arguments, [tuple(source.shape[1:]) for source in sources])
    shapes = [source.shape for source in sources]
    check_elements(made.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])[1:])
    values = file.weights(layer.name, expected)
    output = made(sources if len(sources) > 1 else sources[0])
    made.set_weights(values)
    return output


def _response(output: keras.KerasTensor, signature: Signature) -> keras.KerasTensor:
    """The output in the data's shape."""
    found, wanted = tuple(output.shape[1:]), signature.output
    if found == wanted:
        return output
    if found not in ((*wanted, 1), (math.prod(wanted),)):
        raise ModelFileError(f"makes responses of shape {found}, but the data's are {wanted}")
    return keras.layers.Reshape(wanted, dtype="float32")(output)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Names the part of the model in whatever is said against it."""
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{what}: {error}") from error
    except Exception as error:  # Keras and TensorFlow refuse sizes that do not fit each other in many ways
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ModelFileError(f"{what} cannot be built: {reason}") from error
