"""PhysGAN's networks, layer for layer: shapes and parameter counts from its tables, and every pair in training."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plugins.physgan import (
    BatchNormCritic,
    BatchNormGenerator,
    CriticParams,
    Discriminator,
    GeneratorParams,
    Maxpool,
    SimpleCritic,
    SimpleGenerator,
    Unparameterized,
    Upsampling,
)
from runner import config, testing
from runner.api import Architecture, Axis, Condition, DataInfo
from runner.launch.preparing import prepare
from runner.plan import make_plan

pytestmark = pytest.mark.training

GENERATORS = [Unparameterized(), Upsampling(), BatchNormGenerator(), SimpleGenerator()]
CRITICS = [Discriminator(), Maxpool(), BatchNormCritic(), SimpleCritic()]
WAYS = ("features", "channels", "pixels")


def name(value: object) -> str | None:
    return value.name if isinstance(value, Architecture) else None


def info(conditions: int, shape: tuple[int, int] = (8, 8)) -> DataInfo:
    axes = tuple(Axis(name, size) for name, size in zip(("pad", "time"), shape, strict=True))
    declared = tuple(Condition(f"c{number}", "deg", 0.0, 15.0) for number in range(conditions))
    return DataInfo(axes, "amplitude", "ADC", 1.0, declared)


def built(architecture: Architecture, conditions: int = 0, way: str = "features") -> Any:
    params = GeneratorParams() if architecture.role == "generator" else CriticParams(conditions=way)
    return architecture.build(params, info(conditions))


def conv(size: int, before: int, after: int) -> int:
    return size * size * before * after + after


def dense(before: int, after: int) -> int:
    return before * after + after


# Counted from the tables: kernels, biases, and four numbers per batch-normalised channel.
UNPARAMETERIZED = (
    dense(32, 64) + dense(64, 360) + conv(3, 40, 32) + conv(3, 32, 16) + conv(3, 16, 8) + conv(3, 8, 4) + conv(3, 4, 1)
)
UPSAMPLING = (
    dense(32, 216)
    + conv(3, 6, 32)
    + conv(3, 32, 32)
    + conv(3, 32, 16)
    + conv(3, 16, 16)
    + conv(3, 16, 8)
    + conv(3, 8, 1)
)
BATCH_NORM = (
    dense(32, 36)
    + conv(3, 1, 64)
    + conv(3, 64, 32)
    + conv(3, 32, 32)
    + conv(3, 32, 16)
    + conv(3, 16, 1)
    + 4 * (36 + 64 + 32 + 32 + 16)
)
SIMPLE = 32 * 2048 + conv(3, 128, 32) + conv(3, 32, 64) + 5 * 5 * 64
DISCRIMINATOR_FEATURES = conv(3, 1, 16) + conv(3, 16, 32) + conv(3, 32, 64)
MAXPOOL_FEATURES = conv(3, 1, 8) + conv(3, 8, 16) + conv(3, 16, 32) + conv(3, 32, 64) + conv(3, 64, 64)
BATCH_NORM_FEATURES = (
    conv(3, 1, 16) + conv(3, 16, 16) + conv(3, 16, 32) + conv(3, 32, 32) + conv(3, 32, 64) + 4 * (32 + 32 + 64)
)
SIMPLE_FEATURES = conv(5, 1, 64) + conv(5, 64, 32)


@pytest.mark.parametrize(
    ("architecture", "conditions", "count"),
    [
        (Unparameterized(), 0, UNPARAMETERIZED),
        (Unparameterized(), 1, UNPARAMETERIZED),
        (Upsampling(), 0, UPSAMPLING),
        (BatchNormGenerator(), 0, BATCH_NORM),
        (SimpleGenerator(), 0, SIMPLE),
        (Discriminator(), 0, DISCRIMINATOR_FEATURES + dense(256, 128) + dense(128, 1)),
        (Discriminator(), 1, DISCRIMINATOR_FEATURES + dense(257, 128) + dense(128, 1)),
        (Maxpool(), 1, MAXPOOL_FEATURES + dense(65, 128) + dense(128, 1)),
        (Maxpool(), 3, MAXPOOL_FEATURES + dense(67, 128) + dense(128, 1)),
        (BatchNormCritic(), 0, BATCH_NORM_FEATURES + dense(256, 1)),
        (BatchNormCritic(), 1, BATCH_NORM_FEATURES + dense(257, 128) + dense(128, 1)),
        (SimpleCritic(), 0, SIMPLE_FEATURES + dense(128, 1)),
        (SimpleCritic(), 2, SIMPLE_FEATURES + dense(130, 128) + dense(128, 1)),
    ],
    ids=name,
)
def test_parameter_counts(architecture: Architecture, conditions: int, count: int) -> None:
    assert built(architecture, conditions).count_params() == count


def test_the_published_count() -> None:
    assert UNPARAMETERIZED == 43_177


@pytest.mark.parametrize("conditions", [1, 3])
@pytest.mark.parametrize("critic", CRITICS, ids=name)
def test_three_ways_of_telling_conditions(critic: Architecture, conditions: int) -> None:
    plain = built(critic).count_params()
    first = next(layer for layer in built(critic).layers if type(layer).__name__ == "Conv2D")
    per_channel = first.kernel.shape[0] * first.kernel.shape[1] * first.filters
    assert built(critic, conditions, "channels").count_params() == plain + conditions * per_channel
    assert built(critic, conditions, "pixels").count_params() == plain + dense(64 + conditions, 64)
    for way in WAYS:
        network = built(critic, conditions, way)
        rng = np.random.default_rng(0)
        responses = rng.random((5, 8, 8), np.float32)
        low, high = (np.full((5, conditions), value, np.float32) for value in (0, 15))
        scores = [np.asarray(network({"responses": responses, "conditions": values})) for values in (low, high)]
        assert scores[0].shape == (5, 1)
        assert (scores[0] != scores[1]).all()
        testing.check_component(critic, {"conditions": way}, info(conditions))


def test_conditions_as_channels_are_constant_images() -> None:
    from runner.backend import keras

    network = built(Discriminator(), 2, "channels")
    joined = next(layer for layer in network.layers if type(layer).__name__ == "Concatenate")
    responses = np.random.default_rng(0).random((3, 8, 8), np.float32)
    conditions = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
    image = np.asarray(keras.Model(network.input, joined.output)({"responses": responses, "conditions": conditions}))
    assert image.shape == (3, 8, 8, 3)
    np.testing.assert_array_equal(image[..., 0], responses)
    np.testing.assert_array_equal(image[..., 1:], np.broadcast_to(conditions[:, None, None, :], (3, 8, 8, 2)))


@pytest.mark.parametrize("critic", CRITICS, ids=name)
def test_conditions_stand_before_the_features(critic: Architecture) -> None:
    from runner.backend import keras

    network = built(critic, 2)
    joined = next(layer for layer in network.layers if type(layer).__name__ == "Concatenate")
    values = {"responses": np.ones((3, 8, 8), np.float32), "conditions": np.arange(6, dtype=np.float32).reshape(3, 2)}
    found = np.asarray(keras.Model(network.input, joined.output)(values))
    np.testing.assert_array_equal(found[:, :2], values["conditions"])


def shapes(network: Any, *kinds: str) -> list[tuple[int, ...]]:
    """Outputs of the layers of some kinds."""
    return [tuple(layer.output.shape[1:]) for layer in network.layers if type(layer).__name__ in kinds]


CONV, UP, POOL, TRANSPOSED = "Conv2D", "UpSampling2D", "MaxPooling2D", "Conv2DTranspose"


@pytest.mark.parametrize(
    ("architecture", "conditions", "kinds", "expected"),
    [
        (
            Unparameterized(),
            0,
            ("Dense", CONV, UP),
            [(64,), (360,), (3, 3, 32), (6, 6, 32), (6, 6, 16), (12, 12, 16), (12, 12, 8), (10, 10, 4), (8, 8, 1)],
        ),
        (Upsampling(), 0, (CONV,), [(6, 6, 32), (4, 4, 32), (8, 8, 16), (6, 6, 16), (10, 10, 8), (8, 8, 1)]),
        (
            BatchNormGenerator(),
            0,
            (TRANSPOSED, POOL),
            [(8, 8, 64), (10, 10, 32), (10, 10, 32), (12, 12, 16), (6, 6, 16), (8, 8, 1)],
        ),
        (SimpleGenerator(), 0, (TRANSPOSED, POOL), [(4, 4, 32), (8, 8, 64), (16, 16, 1), (8, 8, 1)]),
        (Discriminator(), 0, (CONV, POOL), [(8, 8, 16), (4, 4, 16), (4, 4, 32), (2, 2, 32), (2, 2, 64)]),
        (Maxpool(), 1, (CONV, POOL), [(8, 8, 8), (6, 6, 16), (3, 3, 16), (3, 3, 32), (3, 3, 64), (1, 1, 64)]),
        (BatchNormCritic(), 0, (CONV,), [(6, 6, 16), (6, 6, 16), (4, 4, 32), (4, 4, 32), (2, 2, 64)]),
        (SimpleCritic(), 0, (CONV,), [(4, 4, 64), (2, 2, 32)]),
    ],
    ids=name,
)
def test_layer_for_layer(
    architecture: Architecture, conditions: int, kinds: tuple[str, ...], expected: list[tuple[int, ...]]
) -> None:
    assert shapes(built(architecture, conditions), *kinds) == expected


LEAKY = "leaky_re_lu"


@pytest.mark.parametrize(
    ("architecture", "conditions", "activations", "dropout"),
    [
        (Unparameterized(), 0, ["relu"] * 7, []),
        (Upsampling(), 0, ["relu"] * 7, []),
        (BatchNormGenerator(), 0, ["linear"] * 5 + ["relu"], []),
        (SimpleGenerator(), 0, ["relu"] * 4, []),
        (Discriminator(), 0, ["relu"] * 4 + ["linear"], [0.2, 0.2, 0.2, 0.4]),
        (Discriminator(), 1, ["relu"] * 4 + ["linear"], [0.2] * 4),
        (Maxpool(), 1, ["relu"] * 6 + ["linear"], [0.2] * 6),
        (BatchNormCritic(), 0, ["linear"] * 6, [0.3, 0.3, 0.2, 0.3, 0.3]),
        (BatchNormCritic(), 1, ["linear"] * 5 + ["relu", "linear"], [0.2] * 6),
        (SimpleCritic(), 0, ["linear"] * 3, [0.1, 0.1]),
    ],
    ids=name,
)
def test_activations_and_dropout(
    architecture: Architecture, conditions: int, activations: list[str], dropout: list[float]
) -> None:
    layers = built(architecture, conditions).layers
    with_weights = [layer for layer in layers if hasattr(layer, "activation")]
    assert [layer.activation.__name__ for layer in with_weights] == activations
    assert [layer.rate for layer in layers if type(layer).__name__ == "Dropout"] == pytest.approx(dropout)


@pytest.mark.parametrize(("architecture", "count"), [(BatchNormGenerator(), 5), (BatchNormCritic(), 3)], ids=name)
def test_batch_normalisation_stands_before_the_leaky_units(architecture: Architecture, count: int) -> None:
    kinds = [type(layer).__name__ for layer in built(architecture).layers]
    places = [number for number, kind in enumerate(kinds) if kind == "BatchNormalization"]
    assert len(places) == count
    assert all(kinds[place + 1] == "LeakyReLU" for place in places)
    leaky = [layer for layer in built(architecture).layers if type(layer).__name__ == "LeakyReLU"]
    assert {layer.negative_slope for layer in leaky} == {0.3}


def test_layers_without_biases() -> None:
    layers = [layer for layer in built(SimpleGenerator()).layers if hasattr(layer, "use_bias")]
    assert [layer.use_bias for layer in layers] == [False, True, True, False]


@pytest.mark.parametrize("architecture", GENERATORS, ids=name)
def test_conditions_come_first_in_the_latent_vector(architecture: Architecture) -> None:
    conditional, plain = built(architecture, 2), built(architecture)
    plain.set_weights(conditional.get_weights())
    z = np.random.default_rng(0).normal(size=(4, 32)).astype(np.float32)
    expected = np.asarray(plain({"latent": z}))
    np.testing.assert_allclose(
        conditional({"conditions": z[:, :2], "latent": z[:, 2:]}), expected, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("architecture", [*GENERATORS, *CRITICS], ids=name)
def test_data_of_another_shape_are_refused_with_both_shapes(architecture: Architecture) -> None:
    with pytest.raises(ValueError, match=r"made for responses of shape \(8, 8\), but these data have \(8, 9\)"):
        architecture.signature(architecture.Params(), info(0, (8, 9)))


def test_conditions_need_room_in_the_latent_vector() -> None:
    with pytest.raises(ValueError, match="set latent_dim to at least 3"):
        Upsampling().signature(GeneratorParams(latent_dim=2), info(2))


PAIRS = [
    *((generator, critic, 0, "features") for generator, critic in itertools.product(GENERATORS, CRITICS)),
    *((generator, critic, 1, "features") for generator, critic in itertools.product(GENERATORS, CRITICS)),
    *((GENERATORS[0], critic, 2, way) for critic, way in itertools.product(CRITICS, WAYS[1:])),
]


EXPERIMENT = """
name: pair
dataset: {{name: tpc_simulation, events: 64{angles}}}
transform: {{name: log_amplitude, conditions: scaled}}
networks:
  generator: {generator}
  critic: {{name: {critic}, conditions: {way}}}
strategy: adversarial
losses: {{adversarial: wasserstein, penalty: gradient_penalty}}
optimizers: {{generator: {{name: rmsprop, learning_rate: 3.0e-4}}, critic: {{name: rmsprop, learning_rate: 3.0e-4}}}}
training: {{steps: 3, batch_size: 16}}
"""
ANGLES = ("", ", crossing_angle: [0.0, 15.0]", ", crossing_angle: [0.0, 15.0], dip_angle: [0.0, 20.0]")


@pytest.mark.parametrize(("generator", "critic", "conditions", "way"), PAIRS, ids=name)
def test_every_pair_trains(
    tmp_path: Path, generator: Architecture, critic: Architecture, conditions: int, way: str
) -> None:
    """A few steps of the real loop on the simulation; both networks move and every loss is finite."""
    from runner.backend.training import Trainer

    file = tmp_path / "pair.yaml"
    file.write_text(EXPERIMENT.format(generator=generator.name, critic=critic.name, way=way, angles=ANGLES[conditions]))
    prepared = prepare(make_plan(config.read(file)))
    networks = prepared.built.networks
    assert len(prepared.sample.info.conditions) == conditions
    trainer = Trainer(prepared.built, prepared.splits.train, prepared.transform, batch_size=16, seed=0)
    before = {role: network.get_weights() for role, network in networks.items()}
    trainer.run(
        steps=3,
        block=3,
        checkpoint_every=10,
        on_block=lambda *_: None,
        on_checkpoint=lambda step: None,
        should_stop=lambda: False,
    )
    for role, network in networks.items():
        moved = [not np.array_equal(a, b) for a, b in zip(before[role], network.get_weights(), strict=True)]
        assert any(moved), role
