"""Whatever a model's configuration says, the result is a network or one kind of error, soon and in little memory."""

import copy
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from plugins.keras_file.errors import ModelFileError
from plugins.keras_file.graph import MOST_LAYERS, parse
from plugins.keras_file.inputs import signature_of
from plugins.keras_file.model_file import ModelFile
from plugins.keras_file.network import build
from runner.api import Axis, DataInfo, open_hdf5
from runner.backend import keras, keras_h5

DATA = DataInfo((Axis("pad", 8), Axis("time", 8)), "amplitude", "ADC", 1.0)
STRANGE: list[Any] = [
    *(None, True, False, -1, 0, 1, 2, 3, 7, 2**22, 2**31, 10**30, 0.5, -0.5, 1e308, float("nan"), float("inf")),
    *("", "x", "same", "relu", "Lambda", "Dense", "\ud800", "a/b", "."),
    *([], [1], [2, 2], [None, 4], [[1, 0], [0, 1]], ["dense", 0, 0], ["z", 0, 0], ["z", 1, 0]),
    *({}, {"class_name": "Lambda", "config": {"name": "x"}}),
]
MEMORY = 2**20  # KiB that may come on top of what is used before


def small() -> Any:
    """One layer of every sort: sizes, weights, several inputs, margins, axes, numbers."""
    layers = keras.layers
    z = keras.Input((8,), name="z")
    x = layers.Reshape((2, 2, 2), name="reshape")(layers.Dense(8, activation="relu", name="dense")(z))
    x = layers.Conv2DTranspose(3, 3, strides=2, padding="same", name="transposed")(layers.UpSampling2D(name="up")(x))
    x = layers.BatchNormalization(name="norm")(layers.Conv2D(2, 3, padding="same", name="conv")(x))
    x = layers.LeakyReLU(0.2, name="leaky")(layers.Dropout(0.1, name="drop")(x))
    x = layers.Cropping2D(((1, 0), (0, 1)), name="crop")(layers.ZeroPadding2D(((1, 0), (0, 1)), name="pad")(x))
    x = layers.Concatenate(name="join")([x, layers.PReLU(shared_axes=[1, 2], name="prelu")(x)])
    x = layers.MaxPooling2D(2, strides=1, padding="same", name="pool")(x)
    return keras.Model(z, layers.Conv2D(1, 1, name="last")(x))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That network in a file."""
    file = tmp_path_factory.mktemp("fuzz") / "small.h5"
    keras_h5.save_network(file, small())
    return file


def outcome(path: Path, text: str) -> str:
    """What is said of a configuration beside the file's weights; nothing where it becomes a network."""
    try:
        model = parse(text)
        with open_hdf5(path) as file:
            opened = ModelFile(file, path.stat().st_size)
            build(opened, model, signature_of(model, DATA), conditions_first=True)
    except ModelFileError as error:
        return str(error)
    return ""


def config_of(path: Path) -> str:
    with h5py.File(path) as file:
        return str(file.attrs["model_config"])


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every value of a tree: what it is in, and its key there."""
    for key, value in list(tree.items() if isinstance(tree, dict) else enumerate(tree)):
        yield tree, key
        if isinstance(value, dict | list):
            yield from places(value)


def changed(text: str, rng: np.random.Generator) -> str:
    """A configuration with one to three values replaced, removed or doubled."""
    tree = json.loads(text)
    for _ in range(rng.integers(1, 4)):
        found = list(places(tree))
        inside, key = found[rng.integers(len(found))]
        what = rng.integers(8)
        if what == 0:
            del inside[key]
        elif what == 1 and isinstance(inside, list):
            inside.insert(int(rng.integers(len(inside) + 1)), inside[key])
        else:
            inside[key] = copy.deepcopy(STRANGE[rng.integers(len(STRANGE))])
    return json.dumps(tree)


def test_changed_configurations(path: Path) -> None:
    text, rng = config_of(path), np.random.default_rng(11)
    assert outcome(path, text) == ""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    messages = [outcome(path, changed(text, rng)) for _ in range(250)]
    assert 20 < messages.count("") < 230
    assert all("\n" not in message and len(message) < 600 and message.isprintable() for message in messages)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


def dense(name: str, fed_by: list[str], units: int = 64) -> dict[str, Any]:
    inbound = [[[source, 0, 0, {}] for source in fed_by]]
    return {"name": name, "class_name": "Dense", "config": {"name": name, "units": units}, "inbound_nodes": inbound}


def functional(*layers: dict[str, Any]) -> str:
    """A configuration of Keras 2 with an input of 8 numbers, named z."""
    z = {"name": "z", "class_name": "InputLayer", "config": {"name": "z", "batch_input_shape": [None, 8]}}
    config = {"layers": [z, *layers], "input_layers": [["z", 0, 0]], "output_layers": [[layers[-1]["name"], 0, 0]]}
    return json.dumps({"class_name": "Model", "config": config})


def join(name: str, fed_by: list[str]) -> dict[str, Any]:
    return {**dense(name, fed_by), "class_name": "Add", "config": {"name": name}}


def chain(length: int) -> list[dict[str, Any]]:
    return [dense(f"d{number}", [f"d{number - 1}" if number else "z"]) for number in range(length)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 2**20, "not JSON"),
        ('{"class_name": ' * 2**16, "not JSON"),
        ("9" * 2**16, "not JSON"),
        (functional(*chain(MOST_LAYERS)), f"1 to {MOST_LAYERS} are read"),
        (functional(dense("d", ["d"])), "'d', which does not stand before it"),
        (functional(dense("d", ["e"]), dense("e", ["d"])), "'e', which does not stand before it"),
        (functional(*chain(1500), join("sum", ["d1"] * 200_000)), "connections"),
        (functional(*chain(1500), join("sum", ["d1"] * 200_000 + ["far"])), "'far', which does not stand before it"),
        (functional(dense("x" * 10**6, ["z"], units=0)), "units is 0"),
    ],
    ids=lambda value: value if len(value) < 80 else None,
)
def test_what_would_take_long_is_refused_at_once(path: Path, text: str, words: str) -> None:
    begin = time.monotonic()
    message = outcome(path, text)
    assert words in message
    assert len(message) < 600
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize(
    ("class_name", "options"),
    [
        ("UpSampling2D", {"size": [2**20, 2**20]}),
        ("ZeroPadding2D", {"padding": [[0, 2**22], [2**22, 0]]}),
        ("Conv2DTranspose", {"filters": 1, "kernel_size": [1, 1], "strides": [2**22, 2**22]}),
        ("Conv2D", {"filters": 2**22, "kernel_size": [2**22, 2**22], "padding": "same"}),
    ],
)
def test_huge_layers_are_refused_before_they_are_made(tmp_path: Path, class_name: str, options: dict[str, Any]) -> None:
    image = {**dense("image", ["z"]), "class_name": "Reshape", "config": {"name": "image", "target_shape": [2, 2, 2]}}
    huge = {**dense("huge", ["image"]), "class_name": class_name, "config": {"name": "huge", **options}}
    with h5py.File(tmp_path / "empty.h5", "w") as file:
        file.create_group("model_weights")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    message = outcome(tmp_path / "empty.h5", functional(image, huge))
    assert message.startswith(f"layer 'huge' of class '{class_name}'")
    assert "elements per event" in message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY
