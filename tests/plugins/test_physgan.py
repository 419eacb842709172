"""PhysGAN's networks, layer for layer: parameter counts from its tables."""

from typing import Any

import numpy as np
import pytest

from plugins.physgan import Discriminator, GeneratorParams, Maxpool, Unparameterized, Upsampling
from runner import testing
from runner.api import Architecture, Axis, Condition, DataInfo, Params

pytestmark = pytest.mark.training


def info(conditions: int, shape: tuple[int, int] = (8, 8)) -> DataInfo:
    axes = tuple(Axis(name, size) for name, size in zip(("pad", "time"), shape, strict=True))
    declared = tuple(Condition(f"c{number}", "deg", 0.0, 15.0) for number in range(conditions))
    return DataInfo(axes, "amplitude", "ADC", 1.0, declared)


GENERATOR = GeneratorParams()


@pytest.mark.parametrize(
    ("architecture", "params", "conditions", "count"),
    [
        (Unparameterized(), GENERATOR, 0, 43_177),
        (Unparameterized(), GENERATOR, 1, 43_177),
        (Upsampling(), GENERATOR, 0, 26_313),
        (Discriminator(), Params(), 0, 56_321),
        (Maxpool(), Params(), 1, 69_889),
        (Maxpool(), Params(), 3, 69_889 + 2 * 128),
    ],
    ids=lambda value: value.name if isinstance(value, Architecture) else None,
)
def test_parameter_counts(architecture: Architecture, params: Params, conditions: int, count: int) -> None:
    assert architecture.build(params, info(conditions)).count_params() == count


def layer_list(network: Any) -> list[tuple[str, tuple[int, ...]]]:
    """Layers with weights or a shape of their own, and their outputs."""
    return [(type(layer).__name__, tuple(layer.output.shape[1:])) for layer in network.layers]


def test_unparameterized_layer_for_layer() -> None:
    assert layer_list(Unparameterized().build(GENERATOR, info(0))) == [
        ("InputLayer", (32,)),
        ("Dense", (64,)),
        ("Dense", (360,)),
        ("Reshape", (3, 3, 40)),
        ("Conv2D", (3, 3, 32)),
        ("UpSampling2D", (6, 6, 32)),
        ("Conv2D", (6, 6, 16)),
        ("UpSampling2D", (12, 12, 16)),
        ("Conv2D", (12, 12, 8)),
        ("Conv2D", (10, 10, 4)),
        ("Conv2D", (8, 8, 1)),
        ("Reshape", (8, 8)),
    ]


def test_upsampling_layer_for_layer() -> None:
    shapes = [shape for name, shape in layer_list(Upsampling().build(GENERATOR, info(0))) if name == "Conv2D"]
    assert shapes == [(6, 6, 32), (4, 4, 32), (8, 8, 16), (6, 6, 16), (10, 10, 8), (8, 8, 1)]


def test_maxpool_layer_for_layer() -> None:
    shapes = [shape for name, shape in layer_list(Maxpool().build(Params(), info(1))) if "2D" in name]
    assert shapes == [(8, 8, 8), (6, 6, 16), (3, 3, 16), (3, 3, 32), (3, 3, 64), (1, 1, 64)]


def test_discriminator_layer_for_layer() -> None:
    shapes = [shape for name, shape in layer_list(Discriminator().build(Params(), info(0))) if "2D" in name]
    assert shapes == [(8, 8, 16), (4, 4, 16), (4, 4, 32), (2, 2, 32), (2, 2, 64)]


@pytest.mark.parametrize("architecture", [Unparameterized(), Upsampling()], ids=lambda value: value.name)
def test_conditions_come_first_in_the_latent_vector(architecture: Architecture) -> None:
    conditional = architecture.build(GENERATOR, info(2))
    plain = architecture.build(GENERATOR, info(0))
    plain.set_weights(conditional.get_weights())
    z = np.random.default_rng(0).normal(size=(4, 32)).astype(np.float32)
    expected = np.asarray(plain({"latent": z}))
    np.testing.assert_allclose(
        conditional({"conditions": z[:, :2], "latent": z[:, 2:]}), expected, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(
    ("architecture", "params", "data", "message"),
    [
        (
            Unparameterized(),
            GENERATOR,
            info(0, (8, 9)),
            r"made for responses of shape \(8, 8\), but these data have \(8, 9\)",
        ),
        (Maxpool(), Params(), info(1, (9, 8)), r"\(9, 8\)"),
        (Discriminator(), Params(), info(1), "these data have conditions"),
        (Maxpool(), Params(), info(0), "these data have none"),
        (Upsampling(), GeneratorParams(latent_dim=2), info(2), "set latent_dim to at least 3"),
    ],
    ids=lambda value: value.name if isinstance(value, Architecture) else None,
)
def test_data_that_do_not_fit_are_refused(
    architecture: Architecture, params: Params, data: DataInfo, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        architecture.signature(params, data)


@pytest.mark.parametrize("conditions", [1, 3])
def test_any_number_of_conditions(conditions: int) -> None:
    testing.check_component(Unparameterized(), info=info(conditions))
    testing.check_component(Maxpool(), info=info(conditions))


@pytest.mark.parametrize(
    ("architecture", "params", "conditions", "last", "dropout"),
    [
        (Unparameterized(), GENERATOR, 0, "relu", []),
        (Upsampling(), GENERATOR, 0, "relu", []),
        (Discriminator(), Params(), 0, "linear", [0.2, 0.2, 0.2, 0.4]),
        (Maxpool(), Params(), 1, "linear", [0.2] * 6),
    ],
    ids=lambda value: value.name if isinstance(value, Architecture) else None,
)
def test_activations_and_dropout(
    architecture: Architecture, params: Params, conditions: int, last: str, dropout: list[float]
) -> None:
    layers = architecture.build(params, info(conditions)).layers
    activations = [layer.activation.__name__ for layer in layers if hasattr(layer, "activation")]
    assert activations == ["relu"] * (len(activations) - 1) + [last]
    assert [layer.rate for layer in layers if type(layer).__name__ == "Dropout"] == dropout
