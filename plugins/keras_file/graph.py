"""The model configuration of Keras 2 and 3: which layers there are, and what feeds which."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugins.keras_file.errors import ModelFileError, shown
from plugins.keras_file.layers import KINDS, Arguments, Shape, arguments_of, check_elements

MOST_LAYERS = 2000
MOST_CONNECTIONS = 2 * MOST_LAYERS

_MODELS = ("Sequential", "Functional", "Model")
_MODULES = ("keras.", "tf_keras.", "tensorflow.keras.", "tensorflow.python.keras.")


@dataclass(frozen=True)
class Input:
    """An input of the model.

    Attributes:
        name: What it is fed by.
        layer: Its layer's name, which connections use.
        shape: Without the batch axis.
    """

    name: str
    layer: str
    shape: Shape


@dataclass(frozen=True)
class Layer:
    """A layer, all of whose options have been checked.

    Attributes:
        name: Its name, also that of its weights in the file.
        kind: Class; one of `layers.KINDS`.
        arguments: What the constructor of the class is given.
        fed_by: Names of the layers whose outputs it takes.
    """

    name: str
    kind: str
    arguments: Arguments
    fed_by: tuple[str, ...]


@dataclass(frozen=True)
class Model:
    """A model.

    Attributes:
        inputs: Its inputs.
        layers: Its layers, each after those it is fed by.
        output: Name of the layer whose output is the model's.
    """

    inputs: tuple[Input, ...]
    layers: tuple[Layer, ...]
    output: str


def parse(text: str) -> Model:
    """The model that a configuration describes.

    Args:
        text: The file's JSON.

    Raises:
        ModelFileError: Where it is no such configuration, or of a model that is not read.
    """
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"its model_config is not JSON: {error}") from error
    class_name, config = _class_and_config(tree)
    if class_name not in _MODELS:
        raise ModelFileError(
            f"holds a model of the class {shown(class_name)}; Sequential and Functional models can be read"
        )
    return _sequential(config) if class_name == "Sequential" else _functional(config)


def _sequential(config: Any) -> Model:
    """Layers one after another; in the oldest files the configuration is the list of them."""
    options = _mapping({"layers": config} if isinstance(config, list) else config)
    entries = _entries(options)
    name, entry = next(iter(entries.items()))
    class_name, first = _class_and_config(entry)
    if class_name == "InputLayer":
        fed = Input(name, name, _input_shape(first, name))
        del entries[name]
    else:
        implied = {"batch_shape": first.get("batch_input_shape") or options.get("build_input_shape")}
        fed = Input(f"{name}_input", f"{name}_input", _input_shape(implied, name))
    layers = []
    before = fed.layer
    for name, entry in entries.items():
        layers.append(_layer(name, entry, (before,)))
        before = name
    return _complete((fed,), layers, before)


def _functional(config: Any) -> Model:
    """Layers that say what they are fed by."""
    shapes: dict[str, Shape] = {}
    layers: dict[str, Layer] = {}
    for name, entry in _entries(config).items():
        class_name, options = _class_and_config(entry)
        if class_name == "InputLayer":
            shapes[name] = _input_shape(options, name)
            continue
        layer = _layer(name, entry, _sources(entry))
        if unknown := [source for source in layer.fed_by if source not in shapes and source not in layers]:
            raise ModelFileError(f"layer {shown(name)} is fed by {shown(unknown[0])}, which does not stand before it")
        layers[name] = layer
    called = dict(_called(_get(config, "input_layers")))
    if sorted(called.values()) != sorted(shapes):
        raise ModelFileError(
            f"its input_layers are {shown(sorted(called.values()))}, its InputLayers {shown(sorted(shapes))}"
        )
    outputs = [layer for _, layer in _called(_get(config, "output_layers"))]
    if len(outputs) != 1 or outputs[0] not in layers:
        raise ModelFileError(f"its outputs are {shown(outputs)}; a generator has one layer's")
    inputs = tuple(Input(name, layer, shapes[layer]) for name, layer in called.items())
    return _complete(inputs, list(layers.values()), outputs[0])


def _complete(inputs: tuple[Input, ...], layers: Sequence[Layer], output: str) -> Model:
    if not layers:
        raise ModelFileError("its model has no layers")
    if sum(len(layer.fed_by) for layer in layers) > MOST_CONNECTIONS:
        raise ModelFileError(f"its layers have more than {MOST_CONNECTIONS} connections")
    return Model(inputs, tuple(layers), output)


def _layer(name: str, entry: Mapping[str, Any], sources: Iterable[str]) -> Layer:
    class_name, options = _class_and_config(entry)
    try:
        _check_class(class_name, entry)
        fed_by = tuple(sources)
        return Layer(name, class_name, arguments_of(class_name, options, len(fed_by)), fed_by)
    except ModelFileError as error:
        raise ModelFileError(f"layer {shown(name)} of class {shown(class_name)}: {error}") from error


def _check_class(class_name: str, entry: Mapping[str, Any]) -> None:
    if class_name == "Lambda":
        raise ModelFileError(
            "it is Python code, and code in a file is never executed; replace it by other layers, and save again"
        )
    if class_name in _MODELS:
        raise ModelFileError("a model inside the model is not read; put its layers into the outer one")
    if class_name not in KINDS:
        raise ModelFileError(f"this class is not read; those that are: {', '.join(KINDS)}")
    module, registered = entry.get("module", _MODULES[0]), entry.get("registered_name")
    if not isinstance(module, str) or not f"{module}.".startswith(_MODULES) or registered not in (None, class_name):
        raise ModelFileError(f"it comes from {shown(module)} as {shown(registered)}; only Keras' own layers are read")


def _sources(entry: Mapping[str, Any]) -> Iterator[str]:
    """Names of the layers that a layer is fed by."""
    nodes = _list(entry.get("inbound_nodes"))
    if len(nodes) != 1:
        raise ModelFileError(f"it is called {len(nodes)} times; layers that are called once are read")
    for reference, keywords in _tensors(nodes[0]):
        for key, value in keywords.items():
            if value is not None and (key, value) != ("training", False):
                raise ModelFileError(f"it is called with {shown(key)}={shown(value)}; only plain calls are read")
        yield _referred(reference)


def _tensors(node: Any) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """References to the tensors of one call, each with the call's keywords (Keras 3, then Keras 2)."""
    if isinstance(node, dict):
        arguments = _list(node.get("args"))
        tensors = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], list) else arguments
        for tensor in tensors:
            yield _get(_get(tensor, "config"), "keras_history"), _mapping(node.get("kwargs", {}))
        return
    for item in _list(node):
        values = _list(item)
        yield values[:3], _mapping(values[3] if len(values) > 3 else {})


def _called(tree: Any) -> Iterator[tuple[str, str]]:
    """Inputs or outputs: what each is called, and its layer's name."""
    if isinstance(tree, dict):
        yield from ((name, _referred(reference)) for name, reference in tree.items())
        return
    references = _list(tree)
    for reference in [references] if references and isinstance(references[0], str) else references:
        name = _referred(reference)
        yield name, name


def _referred(reference: Any) -> str:
    """The layer of ``[layer, call, output]``; each layer has one call and one output."""
    if not isinstance(reference, list) or len(reference) != 3 or not isinstance(reference[0], str):
        raise ModelFileError(f"its model_config has {shown(reference)} where a layer's output should be named")
    if reference[1:] != [0, 0]:
        raise ModelFileError(
            f"it uses call {shown(reference[1])}, output {shown(reference[2])} of layer {shown(reference[0])}; "
            "shared layers and layers with several outputs are not read"
        )
    return reference[0]


def _input_shape(options: Mapping[str, Any], name: str) -> Shape:
    """Shape of an input without the batch axis (``batch_shape`` in Keras 3, ``batch_input_shape`` in Keras 2)."""
    found = options.get("batch_shape") or options.get("batch_input_shape")
    if not isinstance(found, list) or not 2 <= len(found) <= 8:
        raise ModelFileError(
            f"input {shown(name)}: the shape is {shown(found)}, not the batch's size and at least one more"
        )
    special = any(options.get(kind) for kind in ("sparse", "ragged", "optional"))
    if special or not str(options.get("dtype", "float32")).startswith("float"):
        raise ModelFileError(f"input {shown(name)}: only dense tensors of floating-point numbers are read")
    try:
        check_elements(found[1:])
    except ModelFileError as error:
        raise ModelFileError(f"input {shown(name)}: {error}") from error
    return tuple(found[1:])


def _entries(config: Any) -> dict[str, Any]:
    """Layers by name, which in functional models stands beside a layer's configuration too."""
    listed = _list(_get(config, "layers"))
    if not 1 <= len(listed) <= MOST_LAYERS:
        raise ModelFileError(f"its model has {len(listed)} layers; 1 to {MOST_LAYERS} are read")
    entries = {}
    for entry in listed:
        name = _get(_get(entry, "config"), "name")
        if not isinstance(name, str) or not name or entry.get("name", name) != name:
            raise ModelFileError(f"its model_config has a layer called {shown(name)} and {shown(entry.get('name'))}")
        if name in entries:
            raise ModelFileError(f"two of its layers are called {shown(name)}")
        entries[name] = entry
    return entries


def _class_and_config(entry: Any) -> tuple[str, Any]:
    class_name = _get(entry, "class_name")
    if not isinstance(class_name, str):
        raise ModelFileError(f"its model_config has the class_name {shown(class_name)}")
    return class_name, _get(entry, "config")


def _get(tree: Any, key: str) -> Any:
    found = _mapping(tree).get(key)
    if found is None:
        raise ModelFileError(f"its model_config lacks {key!r} in {shown(tree)}")
    return found


def _mapping(tree: Any) -> Mapping[str, Any]:
    if not isinstance(tree, dict):
        raise ModelFileError(f"its model_config has {shown(tree)} where a mapping should be")
    return tree


def _list(tree: Any) -> list[Any]:
    if not isinstance(tree, list):
        raise ModelFileError(f"its model_config has {shown(tree)} where a list should be")
    return tree
