"""The layers that are read, the options of each, and its weights.

A layer is made by the constructor of the Keras class of the same name, from checked primitive values alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugins.keras_file.errors import ModelFileError, shown
from plugins.keras_file.options import LARGEST, Options

Shape = tuple[int, ...]
Arguments = dict[str, Any]


def _no_weights(arguments: Mapping[str, Any], *shapes: Shape) -> dict[str, Shape]:
    return {}


@dataclass(frozen=True)
class Kind:
    """One class of layers.

    Attributes:
        arguments: What its constructor is given, from the file's options.
        weights: Shapes of its weights by name, in the order of the file, from the arguments and the shapes of its
            inputs; refuses shapes it is not read for.
        rank: Number of axes its input must have beside the batch's, where it is fixed.
        merges: Whether it takes several inputs.
    """

    arguments: Callable[[Options], Arguments]
    weights: Callable[..., dict[str, Shape]] = _no_weights
    rank: int | None = None
    merges: bool = False


def arguments_of(class_name: str, options: Mapping[str, Any], inputs: int) -> Arguments:
    """What the constructor of a layer is given.

    Args:
        class_name: One of `KINDS`.
        options: From the file.
        inputs: Number of tensors the layer is called with.

    Raises:
        ModelFileError: Where an option is not one that is read.
    """
    kind = KINDS[class_name]
    if inputs != 1 and not kind.merges:
        raise ModelFileError(f"is called with {inputs} tensors, but takes one")
    if inputs < 2 and kind.merges:
        raise ModelFileError(f"is called with {inputs} tensors, but takes at least two")
    reader = Options(options)
    arguments = kind.arguments(reader)
    reader.finish()
    return arguments


def weights_of(class_name: str, arguments: Mapping[str, Any], shapes: Sequence[Shape]) -> dict[str, Shape]:
    """Shapes of a layer's weights, by name.

    Args:
        class_name: One of `KINDS`.
        arguments: From `arguments_of`.
        shapes: Of its inputs, without the batch axis.

    Raises:
        ModelFileError: Where it does not work on such inputs.
    """
    kind = KINDS[class_name]
    if kind.rank is not None and len(shapes[0]) != kind.rank:
        raise ModelFileError(f"gets an input of shape {shapes[0]}, but needs {kind.rank} axes")
    return kind.weights(arguments, *shapes)


def _dense(options: Options) -> Arguments:
    return {
        "units": options.integer("units"),
        "activation": options.activation(),
        "use_bias": options.flag("use_bias", True),
    }


def _dense_weights(arguments: Mapping[str, Any], shape: Shape) -> dict[str, Shape]:
    units = arguments["units"]
    return {"kernel": (shape[-1], units), **({"bias": (units,)} if arguments["use_bias"] else {})}


def _convolution(options: Options) -> Arguments:
    options.only("data_format", "channels_last")
    options.only("groups", 1)
    return {
        "filters": options.integer("filters"),
        "kernel_size": options.pair("kernel_size"),
        "strides": options.pair("strides", (1, 1)),
        "padding": options.padding(),
        "activation": options.activation(),
        "use_bias": options.flag("use_bias", True),
    }


def _conv(options: Options) -> Arguments:
    return {**_convolution(options), "dilation_rate": options.pair("dilation_rate", (1, 1))}


def _conv_transpose(options: Options) -> Arguments:
    options.only("dilation_rate", [1, 1])
    return _convolution(options)


def _conv_weights(arguments: Mapping[str, Any], shape: Shape) -> dict[str, Shape]:
    filters = arguments["filters"]
    kernel = (*arguments["kernel_size"], shape[-1], filters)
    return {"kernel": kernel, **({"bias": (filters,)} if arguments["use_bias"] else {})}


def _conv_transpose_weights(arguments: Mapping[str, Any], shape: Shape) -> dict[str, Shape]:
    filters = arguments["filters"]
    kernel = (*arguments["kernel_size"], filters, shape[-1])
    return {"kernel": kernel, **({"bias": (filters,)} if arguments["use_bias"] else {})}


def _normalisation(options: Options) -> Arguments:
    return {
        "axis": options.axis(default=-1),
        "epsilon": options.number("epsilon", 1e-3),
        "center": options.flag("center", True),
        "scale": options.flag("scale", True),
    }


def _layer_normalisation_weights(arguments: Mapping[str, Any], shape: Shape) -> dict[str, Shape]:
    _check_last(arguments, shape)
    names = [name for name, on in (("gamma", arguments["scale"]), ("beta", arguments["center"])) if on]
    return {name: shape[-1:] for name in names}


def _batch_normalisation_weights(arguments: Mapping[str, Any], shape: Shape) -> dict[str, Shape]:
    learned = _layer_normalisation_weights(arguments, shape)
    return {**learned, "moving_mean": shape[-1:], "moving_variance": shape[-1:]}


def _softmax_weights(arguments: Mapping[str, Any], shape: Shape) -> dict[str, Shape]:
    _check_last(arguments, shape)
    return {}


def _check_last(arguments: Mapping[str, Any], shape: Shape) -> None:
    if arguments["axis"] not in (-1, len(shape)):
        raise ModelFileError(f"option axis is {arguments['axis']}, but only the last axis of {shape} is supported")


def _relu(options: Options) -> Arguments:
    return {
        "max_value": options.number("max_value", None),
        "negative_slope": options.number("negative_slope", 0.0),
        "threshold": options.number("threshold", 0.0, low=-1e30),
    }


def _leaky_relu(options: Options) -> Arguments:
    """Keras 2 called the slope alpha."""
    slope = options.number("alpha", None)
    return {"negative_slope": options.number("negative_slope", 0.3) if slope is None else slope}


def _prelu_weights(arguments: Mapping[str, Any], shape: Shape) -> dict[str, Shape]:
    shared = arguments["shared_axes"] or ()
    if any(axis > len(shape) for axis in shared):
        raise ModelFileError(f"option shared_axes is {list(shared)}, but the input has the shape {shape}")
    return {"alpha": tuple(1 if axis in shared else size for axis, size in enumerate(shape, start=1))}


def _dropout(options: Options) -> Arguments:
    return {"rate": options.number("rate", high=1)}


def _image(options: Options) -> Arguments:
    options.only("data_format", "channels_last")
    return {}


def _reshape(options: Options) -> Arguments:
    shape = options.integers("target_shape", low=-1) or ()
    if shape.count(-1) > 1 or 0 in shape:
        raise ModelFileError(f"option target_shape is {list(shape)}: sizes, of which one may be -1, are needed")
    return {"target_shape": shape}


def _upsampling(options: Options) -> Arguments:
    interpolation = options.one_of("interpolation", {"nearest": "nearest", "bilinear": "bilinear"}, "nearest")
    return {**_image(options), "size": options.pair("size"), "interpolation": interpolation}


def _pooling(options: Options) -> Arguments:
    size = options.pair("pool_size")
    return {
        **_image(options),
        "pool_size": size,
        "strides": options.pair("strides", size),
        "padding": options.padding(),
    }


def _merge_weights(arguments: Mapping[str, Any], *shapes: Shape) -> dict[str, Shape]:
    if len({len(shape) for shape in shapes}) > 1:
        raise ModelFileError(f"gets inputs of different numbers of axes: {shown(shapes)}")
    return {}


def _concatenate_weights(arguments: Mapping[str, Any], *shapes: Shape) -> dict[str, Shape]:
    rank = len(shapes[0]) + 1
    if not -rank < arguments["axis"] < rank or arguments["axis"] == 0:
        raise ModelFileError(f"option axis is {arguments['axis']}, which is no axis of {shapes[0]}")
    return _merge_weights(arguments, *shapes)


def _nothing(options: Options) -> Arguments:
    return {}


KINDS: Mapping[str, Kind] = {
    "Dense": Kind(_dense, _dense_weights),
    "Conv2D": Kind(_conv, _conv_weights, rank=3),
    "Conv2DTranspose": Kind(_conv_transpose, _conv_transpose_weights, rank=3),
    "BatchNormalization": Kind(_normalisation, _batch_normalisation_weights),
    "LayerNormalization": Kind(_normalisation, _layer_normalisation_weights),
    "Activation": Kind(lambda options: {"activation": options.activation()}),
    "ReLU": Kind(_relu),
    "LeakyReLU": Kind(_leaky_relu),
    "ELU": Kind(lambda options: {"alpha": options.number("alpha", 1.0)}),
    "PReLU": Kind(lambda options: {"shared_axes": options.integers("shared_axes", None)}, _prelu_weights),
    "Softmax": Kind(lambda options: {"axis": options.axis(default=-1)}, _softmax_weights),
    "Dropout": Kind(_dropout),
    "SpatialDropout2D": Kind(lambda options: {**_image(options), **_dropout(options)}, rank=3),
    "GaussianNoise": Kind(lambda options: {"stddev": options.number("stddev")}),
    "Flatten": Kind(_image),
    "Reshape": Kind(_reshape),
    "UpSampling2D": Kind(_upsampling, rank=3),
    "MaxPooling2D": Kind(_pooling, rank=3),
    "AveragePooling2D": Kind(_pooling, rank=3),
    "GlobalAveragePooling2D": Kind(lambda o: {**_image(o), "keepdims": o.flag("keepdims", False)}, rank=3),
    "ZeroPadding2D": Kind(lambda options: {**_image(options), "padding": options.margins("padding")}, rank=3),
    "Cropping2D": Kind(lambda options: {**_image(options), "cropping": options.margins("cropping")}, rank=3),
    "Concatenate": Kind(lambda options: {"axis": options.axis(default=-1)}, _concatenate_weights, merges=True),
    "Add": Kind(_nothing, _merge_weights, merges=True),
    "Multiply": Kind(_nothing, _merge_weights, merges=True),
}
"""By the name of the class, which is the same in files and in Keras."""


def check_elements(shape: Sequence[Any]) -> None:
    """Refuses shapes, without the batch axis, that are unknown, empty or too large.

    Raises:
        ModelFileError: Where they are.
    """
    if not all(type(size) is int and size >= 1 for size in shape):
        raise ModelFileError(f"the shape {shown(tuple(shape))} is not one of known sizes of at least 1")
    if math.prod(shape) > LARGEST:
        raise ModelFileError(f"the shape {shown(tuple(shape))} has more than {LARGEST} elements per event")
