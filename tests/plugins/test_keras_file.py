"""Networks from Keras HDF5 files give the numbers they gave where they were made; nothing in a file is executed."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from plugins.keras_file import KerasGenerator, KerasGeneratorParams
from plugins.physgan import BatchNormGenerator, GeneratorParams, SimpleGenerator, Unparameterized, Upsampling
from runner.api import Architecture, Axis, Condition, DataError, DataInfo
from runner.backend import keras, keras_h5

RNG = np.random.default_rng(0)

SUMS = {
    "best_unparameterized": 86.6129,
    "generator_500": 65.3125,
    "parameterize_1": 84.5184,
    "parameterize_2": 71.5001,
    "parameterize_3": 68.8569,
}
"""Sum of each of PhysGAN's saved networks' image for z = 0."""


def info(conditions: int = 0, shape: tuple[int, int] = (8, 8)) -> DataInfo:
    axes = (Axis("pad", shape[0]), Axis("time", shape[1]))
    declared = tuple(Condition(f"c{number}", "deg", 0.0, 15.0) for number in range(conditions))
    return DataInfo(axes, "amplitude", "ADC", 1.0, declared)


def rebuilt(path: Path, count: int = 0, shape: tuple[int, int] = (8, 8), **options: Any) -> Any:
    """The network for data with so many conditions."""
    params = KerasGeneratorParams(path=path, **options)
    data = info(count, shape)
    signature = KerasGenerator().signature(params, data)
    network = KerasGenerator().build(params, data)
    assert {name: tensor.shape[1:] for name, tensor in network.input.items()} == dict(signature.inputs)
    assert network.output.shape[1:] == signature.output == data.shape
    return network


def shuffled(network: Any) -> Any:
    """The same network with every weight drawn anew, so that none is what an initialiser makes it."""
    network.set_weights([RNG.uniform(0.1, 1.0, weight.shape).astype(np.float32) for weight in network.get_weights()])
    return network


@pytest.mark.data
@pytest.mark.parametrize(("name", "total"), SUMS.items())
def test_physgans_saved_networks(name: str, total: float, mpd_data: Path, tmp_path: Path) -> None:
    network = rebuilt(mpd_data / "physgan_models" / f"{name}.h5")
    image = np.asarray(network({"latent": np.zeros((1, 32), np.float32)}))
    assert float(image.sum()) == pytest.approx(total, abs=5e-5)
    keras_h5.save_network(tmp_path / "again.h5", network)
    latent = {"latent": RNG.normal(size=(7, 32)).astype(np.float32)}
    opened = keras.models.load_model(tmp_path / "again.h5", compile=False)
    np.testing.assert_array_equal(opened(latent), network(latent))
    np.testing.assert_array_equal(rebuilt(tmp_path / "again.h5")(latent), network(latent))


@pytest.mark.data
def test_conditions_are_part_of_the_latent_vector(mpd_data: Path) -> None:
    path = mpd_data / "physgan_models" / "parameterize_1.h5"
    z = RNG.normal(size=(5, 32)).astype(np.float32)
    plain = np.asarray(rebuilt(path)({"latent": z}))
    first = rebuilt(path, 2)({"conditions": z[:, :2], "latent": z[:, 2:]})
    last = rebuilt(path, 2, conditions="last")({"conditions": z[:, 30:], "latent": z[:, :30]})
    np.testing.assert_allclose(first, plain, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(last, plain, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("conditions", [0, 2])
@pytest.mark.parametrize(
    "architecture",
    [Unparameterized(), Upsampling(), BatchNormGenerator(), SimpleGenerator()],
    ids=lambda architecture: architecture.name,
)
def test_networks_of_our_own_runs(architecture: Architecture, conditions: int, tmp_path: Path) -> None:
    network = shuffled(architecture.build(GeneratorParams(), info(conditions)))
    keras_h5.save_network(tmp_path / "own.h5", network)
    values = {name: RNG.normal(size=(3, *t.shape[1:])).astype(np.float32) for name, t in network.input.items()}
    np.testing.assert_array_equal(rebuilt(tmp_path / "own.h5", conditions)(values), network(values))


def every_layer() -> Any:
    """A functional model with each class of layers that is read."""
    layers = keras.layers
    z = keras.Input((12,), name="z")
    x = layers.GaussianNoise(0.3)(layers.Dense(24, activation="gelu")(z))
    x = layers.LayerNormalization()(layers.Dense(24, activation="swish", use_bias=False)(x))
    x = layers.Multiply()([x, layers.Activation("sigmoid")(layers.Dense(24)(z))])
    x = layers.PReLU()(layers.Dropout(0.4)(layers.Reshape((2, 2, 6))(x)))
    x = layers.UpSampling2D((2, 1), interpolation="bilinear")(x)
    x = layers.Conv2D(5, (3, 2), padding="same", dilation_rate=(1, 2))(x)
    x = layers.LeakyReLU(0.17)(layers.BatchNormalization(epsilon=0.02)(x))
    x = layers.Conv2DTranspose(4, 3, strides=(1, 2), padding="same", activation="softplus")(x)
    x = layers.ReLU(max_value=50.0, negative_slope=0.1, threshold=0.2)(layers.SpatialDropout2D(0.1)(x))
    x = layers.ZeroPadding2D(((2, 3), (4, 1)))(x)
    x = layers.Cropping2D(((0, 1), (1, 0)))(layers.ELU(0.7)(x))
    x = layers.Add()([layers.MaxPooling2D(2, strides=1, padding="same")(x), layers.AveragePooling2D(3, 1, "same")(x)])
    pooled = layers.Softmax()(layers.GlobalAveragePooling2D()(x))
    joined = layers.Concatenate()([layers.Flatten()(x), pooled, z])
    return keras.Model(z, layers.Reshape((8, 8, 1))(layers.Dense(64, activation="relu")(joined)))


def test_every_layer_gives_the_same_numbers(tmp_path: Path) -> None:
    from plugins.keras_file.layers import KINDS

    network = shuffled(every_layer())
    used = {type(layer).__name__ for layer in network.layers}
    assert used == set(KINDS) | {"InputLayer"}
    keras_h5.save_network(tmp_path / "all.h5", network)
    z = RNG.normal(size=(6, 12)).astype(np.float32)
    expected = np.asarray(network(z, training=False))[..., 0]
    assert np.ptp(expected) > 1
    np.testing.assert_allclose(rebuilt(tmp_path / "all.h5")({"latent": z}, training=False), expected, rtol=1e-5)


def save(folder: Path, *layers: Any, size: int = 12) -> Path:
    """A sequential model of plain Keras 3."""
    path = folder / "model.h5"
    keras_h5.save_network(path, keras.Sequential([keras.Input((size,)), *layers]))
    return path


@pytest.mark.parametrize("output", [(8, 8), (8, 8, 1), (64,)])
def test_outputs_are_given_the_shape_of_the_data(tmp_path: Path, output: tuple[int, ...]) -> None:
    path = save(tmp_path, keras.layers.Dense(64), keras.layers.Reshape(output))
    z = RNG.normal(size=(2, 12)).astype(np.float32)
    expected = np.asarray(keras.models.load_model(path, compile=False)(z)).reshape(2, 8, 8)
    np.testing.assert_allclose(rebuilt(path)({"latent": z}), expected, rtol=1e-5)


def keras_2(path: Path, config: dict[str, Any], weights: dict[str, dict[str, np.ndarray]]) -> Path:
    """A file as Keras 2 wrote it."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"2.3.0-tf"
        file.attrs["model_config"] = json.dumps(config).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for layer, arrays in weights.items():
            inside = group.create_group(layer)
            inside.attrs["weight_names"] = [f"{layer}/{name}:0".encode() for name in arrays]
            for name, array in arrays.items():
                inside.create_dataset(f"{layer}/{name}:0", data=array)
    return path


KERNEL = RNG.normal(size=(6, 64)).astype(np.float32)


def functional(**dense: Any) -> dict[str, Any]:
    """Two inputs joined, and a dense layer."""

    def entry(name: str, class_name: str, inbound: list[Any], **config: Any) -> dict[str, Any]:
        return {"name": name, "class_name": class_name, "config": {"name": name, **config}, "inbound_nodes": inbound}

    def node(*names: str) -> list[Any]:
        return [[[name, 0, 0, {}] for name in names]]

    return {
        "class_name": "Model",
        "config": {
            "name": "model",
            "layers": [
                entry("latent", "InputLayer", [], batch_input_shape=[None, 4], dtype="float32", sparse=False),
                entry("conditions", "InputLayer", [], batch_input_shape=[None, 2], dtype="float32", sparse=False),
                entry("join", "Concatenate", node("conditions", "latent"), axis=-1, trainable=True),
                entry("dense", "Dense", node("join"), **{"units": 64, "activation": "relu", "use_bias": True, **dense}),
                entry("shape", "Reshape", node("dense"), target_shape=[8, 8]),
            ],
            "input_layers": [["latent", 0, 0], ["conditions", 0, 0]],
            "output_layers": [["shape", 0, 0]],
        },
    }


def test_a_functional_model_of_keras_2(tmp_path: Path) -> None:
    bias = RNG.normal(size=64).astype(np.float32)
    path = keras_2(tmp_path / "old.h5", functional(), {"dense": {"kernel": KERNEL, "bias": bias}})
    z, c = RNG.normal(size=(3, 4)).astype(np.float32), RNG.normal(size=(3, 2)).astype(np.float32)
    expected = np.maximum(np.concatenate([c, z], axis=1) @ KERNEL + bias, 0).reshape(3, 8, 8)
    np.testing.assert_allclose(rebuilt(path, 2)({"latent": z, "conditions": c}), expected, rtol=1e-5, atol=1e-6)


def test_the_slope_of_keras_2_has_another_name(tmp_path: Path) -> None:
    layers: list[tuple[str, dict[str, Any]]] = [
        ("Dense", {"name": "dense", "units": 64, "use_bias": False, "batch_input_shape": [None, 6]}),
        ("LeakyReLU", {"name": "leaky", "alpha": 0.17}),
    ]
    config = {"name": "s", "layers": [{"class_name": kind, "config": options} for kind, options in layers]}
    path = keras_2(tmp_path / "old.h5", {"class_name": "Sequential", "config": config}, {"dense": {"kernel": KERNEL}})
    z = RNG.normal(size=(3, 6)).astype(np.float32)
    expected = (z @ KERNEL).reshape(3, 8, 8)
    expected = np.where(expected > 0, expected, 0.17 * expected)
    np.testing.assert_allclose(rebuilt(path)({"latent": z}), expected, rtol=1e-4, atol=1e-6)


def refused(path: Path, conditions: int = 0, shape: tuple[int, int] = (8, 8)) -> str:
    """What is said of a file, in the plan or when it is built."""
    params = KerasGeneratorParams.model_construct(path=path, conditions="first")
    try:
        KerasGenerator().signature(params, info(conditions, shape))
    except ValueError as error:
        message = str(error)
    else:
        with pytest.raises(DataError) as caught:
            KerasGenerator().build(params, info(conditions, shape))
        message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert len(message) < 600
    return message


def test_a_lambda_is_refused_and_not_executed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    name = str(victim)  # what a Lambda refers to is written into the file
    harm = keras.layers.Lambda(lambda x: (open(name, "w").close(), x)[1], output_shape=(64,))
    path = save(tmp_path, keras.layers.Dense(64), harm, keras.layers.Reshape((8, 8)))
    victim.unlink(missing_ok=True)  # saving it may have executed it
    message = refused(path)
    assert "'Lambda'" in message
    assert "never executed" in message
    assert not victim.exists()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.write_bytes(b""), "is no HDF5 file"),
        (lambda path: path.write_text("evtId,ipad"), "is no HDF5 file"),
        (lambda path: path.write_bytes(b"PK\x03\x04rest"), "zip archive (.keras)"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: h5py.File(path, "w").close(), "holds no Keras model"),
        (lambda path: keras_2(path, {"class_name": "Model"}, {}), "lacks 'config'"),
        (lambda path: keras_2(path, {"class_name": "os.system", "config": {}}, {}), "class 'os.system'"),
        (lambda path: keras_2(path, functional(activation="hard_sigmoid"), {}), "hard_sigmoid"),
        (lambda path: keras_2(path, functional(units=10**9), {}), "units is 1000000000"),
        (lambda path: keras_2(path, functional(units=2**22), {}), "lacks the weight kernel"),
        (lambda path: keras_2(path, functional(activity="x"), {}), "option 'activity'"),
        (lambda path: keras_2(path, functional(), {"dense": {"kernel": KERNEL}}), "lacks the weight bias"),
        (
            lambda path: keras_2(path, functional(use_bias=False), {"dense": {"kernel": KERNEL.T}}),
            "has the shape (64, 6), but the layer needs (6, 64)",
        ),
        (
            lambda path: keras_2(path, functional(use_bias=False), {"dense": {"kernel": KERNEL * np.nan}}),
            "NaN or infinite",
        ),
        (
            lambda path: keras_2(path, functional(use_bias=False), {"dense": {"kernel": KERNEL, "more": KERNEL}}),
            "which the layer has not",
        ),
        (
            lambda path: keras_2(path, functional(use_bias=False), {"dense": {"kernel": KERNEL}, "x": {"k": KERNEL}}),
            "weights of a layer 'x'",
        ),
    ],
)
def test_what_is_wrong_is_one_message(tmp_path: Path, make: Callable[[Path], object], words: str) -> None:
    path = tmp_path / "model.h5"
    make(path)
    assert words in refused(path, 2)


def test_weights_alone_are_told_from_a_model(tmp_path: Path) -> None:
    path = tmp_path / "only.weights.h5"
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save_weights(path)
    assert "holds weights only" in refused(path)


def test_what_does_not_fit_the_data_is_told_with_both_shapes(tmp_path: Path) -> None:
    path = save(tmp_path, keras.layers.Dense(192), keras.layers.Reshape((8, 8, 3)))
    assert "makes responses of shape (8, 8, 3), but the data's are (10, 8)" in refused(path, shape=(10, 8))
    assert "takes 12 numbers, and the data's 12 conditions are part of them" in refused(path, 12)
    two = keras_2(tmp_path / "two.h5", functional(use_bias=False), {"dense": {"kernel": KERNEL}})
    assert "takes 2 conditions, but the data have 3" in refused(two, 3)
    assert "takes 2 conditions, but the data have none" in refused(two)


def test_a_shared_layer_and_a_nested_model_are_refused(tmp_path: Path) -> None:
    z = keras.Input((64,))
    dense = keras.layers.Dense(64)
    keras_h5.save_network(tmp_path / "shared.h5", keras.Model(z, keras.layers.Reshape((8, 8))(dense(dense(z)))))
    assert "shared" in refused(tmp_path / "shared.h5")
    inner = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64)])
    keras_h5.save_network(tmp_path / "nested.h5", keras.Sequential([keras.Input((64,)), inner]))
    assert "Sequential" in refused(tmp_path / "nested.h5")


@pytest.mark.parametrize("link", [h5py.ExternalLink("other.h5", "/data"), h5py.SoftLink("/elsewhere")])
def test_links_are_not_followed(tmp_path: Path, link: Any) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["data"] = KERNEL
    path = keras_2(tmp_path / "model.h5", functional(use_bias=False), {"dense": {"kernel": KERNEL}})
    with h5py.File(path, "a") as file:
        file["elsewhere"] = KERNEL
        group = file["model_weights/dense/dense"]
        del group["kernel:0"]
        group["kernel:0"] = link
    assert "links are not followed" in refused(path, 2)


def test_weights_that_claim_more_than_the_file_holds_are_not_read(tmp_path: Path) -> None:
    path = keras_2(tmp_path / "model.h5", functional(units=2**22, use_bias=False), {})
    with h5py.File(path, "a") as file:
        group = file["model_weights"].create_group("dense")
        group.attrs["weight_names"] = [b"dense/kernel:0"]
        group.create_dataset("dense/kernel:0", (6, 2**22), "f4", chunks=(6, 2**16), compression="gzip")
    assert "which are not in a file of" in refused(path, 2)


def test_a_file_that_hangs_or_crashes_the_hdf5_library_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = keras_2(tmp_path / "model.h5", functional(use_bias=False), {"dense": {"kernel": KERNEL}})
    monkeypatch.setattr("runner.hdf5.trust.SECONDS", 1e-6)  # what a file that hangs looks like
    assert "the HDF5 library cannot read it to its end" in refused(path, 2)


def mutated(content: bytes, rng: np.random.Generator) -> Iterator[bytes]:
    """The content with some bytes changed, cut out or doubled."""
    text = np.frombuffer(content, np.uint8)
    configuration = content.find(b'{"class_name"')
    for number in range(40):
        changed = text.copy()
        first = configuration if number % 3 else 0
        places = rng.integers(first, len(text) if number % 2 else min(len(text), first + 3000), rng.integers(1, 6))
        changed[places] = rng.integers(0, 256, len(places))
        cut = rng.integers(1, len(text)) if number % 10 == 0 else len(text)
        yield changed[:cut].tobytes()


def test_damaged_files_give_a_network_or_one_message(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    weights = {"dense": {"kernel": KERNEL, "bias": np.zeros(64, np.float32)}}
    content = keras_2(path, functional(), weights).read_bytes()
    params, outcomes = KerasGeneratorParams(path=path), set()
    for damaged in mutated(content, np.random.default_rng(5)):
        path.write_bytes(damaged)
        try:
            KerasGenerator().signature(params, info(2))
            KerasGenerator().build(params, info(2))
            outcomes.add("network")
        except (ValueError, DataError) as error:
            outcomes.add("message" if str(error).startswith(f"{path}: ") else str(error))
    assert outcomes == {"network", "message"}
