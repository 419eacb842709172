"""The networks of PhysGAN (2020), for responses of 8 pads x 8 time bins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from runner.api import Architecture, DataInfo, Field, Params, Signature, hookimpl

if TYPE_CHECKING:
    import keras

SHAPE = (8, 8)
REFERENCE = "PhysGAN (2020), github.com/prutianova-nastia/PhysGAN"


def _check_shape(name: str, data: DataInfo) -> None:
    if data.shape != SHAPE:
        raise ValueError(f"{name} is made for responses of shape {SHAPE}, but these data have {data.shape}")


class GeneratorParams(Params):
    """Parameters of PhysGAN's generators."""

    latent_dim: int = Field(32, ge=1, description="length of the latent vector, the conditions it begins with included")


class _Generator(Architecture):
    role = "generator"
    Params = GeneratorParams
    reference = REFERENCE

    def signature(self, params: GeneratorParams, data: DataInfo) -> Signature:
        """Conditions come first in the latent vector, so ``latent_dim - n`` random numbers are asked for."""
        _check_shape(self.name, data)
        conditions = len(data.conditions)
        latent = params.latent_dim - conditions
        if latent < 1:
            raise ValueError(
                f"{self.name} has latent_dim {params.latent_dim}, and the data's {conditions} conditions are part "
                f"of it: nothing is left for random numbers; set latent_dim to at least {conditions + 1}"
            )
        inputs: dict[str, tuple[int, ...]] = {"latent": (latent,)}
        if conditions:
            inputs["conditions"] = (conditions,)
        return Signature(inputs=inputs, output=SHAPE)

    def build(self, params: GeneratorParams, data: DataInfo) -> keras.Model:
        """The network; outputs are >= 0 (ReLU)."""
        from plugins.physgan import generators

        return generators.build(self.name, self.signature(params, data))


class Unparameterized(_Generator):
    """Generator with two dense layers and five convolutions (43,177 parameters)."""

    name = "physgan_unparameterized"


class Upsampling(_Generator):
    """Generator with one dense layer and six convolutions (26,313 parameters)."""

    name = "physgan_upsampling"


class BatchNormGenerator(_Generator):
    """Generator with one dense layer and five transposed convolutions, batch-normalised (35,029 parameters)."""

    name = "physgan_batch_norm_generator"


class SimpleGenerator(_Generator):
    """Generator with one dense layer and three transposed convolutions (122,528 parameters)."""

    name = "physgan_simple_generator"


class CriticParams(Params):
    """Parameters of PhysGAN's critics."""

    conditions: Literal["features", "channels", "pixels"] = Field(
        "features",
        description="how the critic is told conditions, where the data have any; features: as a vector beside the "
        "features of the image; channels: each as a constant channel of the image; pixels: beside the flattened "
        "image, which a dense layer turns into an image again",
    )


class _Critic(Architecture):
    role = "critic"
    Params = CriticParams
    reference = REFERENCE

    def signature(self, params: CriticParams, data: DataInfo) -> Signature:
        """Responses, and conditions where there are any, to one score."""
        _check_shape(self.name, data)
        inputs: dict[str, tuple[int, ...]] = {"responses": SHAPE}
        if data.conditions:
            inputs["conditions"] = (len(data.conditions),)
        return Signature(inputs=inputs, output=(1,))

    def build(self, params: CriticParams, data: DataInfo) -> keras.Model:
        """The network."""
        from plugins.physgan import critics

        return critics.build(self.name, self.signature(params, data), params.conditions)


class Discriminator(_Critic):
    """Critic with three convolutions and pooling (56,321 parameters without conditions).

    With conditions beside the image's features it is also PhysGAN's `two_layers`.
    """

    name = "physgan_discriminator"


class Maxpool(_Critic):
    """Critic with five convolutions and one pooling (69,889 parameters with one condition).

    PhysGAN used it with conditions only; without, the dense layers see the image's features alone.
    """

    name = "physgan_maxpool"


class BatchNormCritic(_Critic):
    """Critic with five convolutions, three of them batch-normalised (35,633 parameters without conditions)."""

    name = "physgan_batch_norm_critic"


class SimpleCritic(_Critic):
    """Critic with two strided convolutions (53,025 parameters without conditions).

    PhysGAN used it without conditions only; beside its features they get the dense layers of the other critics.
    """

    name = "physgan_simple_critic"


@hookimpl
def runner_architectures() -> Iterable[Architecture]:
    """PhysGAN's generators and critics."""
    return [
        Unparameterized(),
        Upsampling(),
        BatchNormGenerator(),
        SimpleGenerator(),
        Discriminator(),
        Maxpool(),
        BatchNormCritic(),
        SimpleCritic(),
    ]
