"""The networks of PhysGAN (2020), for responses of 8 pads x 8 time bins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

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


class Unparameterized(_Generator):
    """Generator with two dense layers and five convolutions (43,177 parameters)."""

    name = "physgan_unparameterized"

    def build(self, params: GeneratorParams, data: DataInfo) -> keras.Model:
        """The network; outputs are >= 0 (ReLU)."""
        from plugins.physgan import networks

        return networks.unparameterized(self.signature(params, data))


class Upsampling(_Generator):
    """Generator with one dense layer and six convolutions (26,313 parameters)."""

    name = "physgan_upsampling"

    def build(self, params: GeneratorParams, data: DataInfo) -> keras.Model:
        """The network; outputs are >= 0 (ReLU)."""
        from plugins.physgan import networks

        return networks.upsampling(self.signature(params, data))


class Discriminator(Architecture):
    """Critic of unconditional data: three convolutions with pooling (56,321 parameters)."""

    name = "physgan_discriminator"
    role = "critic"
    reference = REFERENCE

    def signature(self, params: Params, data: DataInfo) -> Signature:
        """Responses in, one score out."""
        _check_shape(self.name, data)
        if data.conditions:
            names = ", ".join(condition.name for condition in data.conditions)
            raise ValueError(
                f"{self.name} judges responses alone, but these data have conditions ({names}); "
                "use physgan_maxpool, or data without conditions"
            )
        return Signature(inputs={"responses": SHAPE}, output=(1,))

    def build(self, params: Params, data: DataInfo) -> keras.Model:
        """The network."""
        from plugins.physgan import networks

        return networks.discriminator(self.signature(params, data))


class Maxpool(Architecture):
    """Critic of conditional data: five convolutions, conditions beside the image's features.

    69,889 parameters with one condition.
    """

    name = "physgan_maxpool"
    role = "critic"
    reference = REFERENCE

    def signature(self, params: Params, data: DataInfo) -> Signature:
        """Responses and conditions in, one score out."""
        _check_shape(self.name, data)
        if not data.conditions:
            raise ValueError(
                f"{self.name} judges responses together with conditions, but these data have none; "
                "use physgan_discriminator, or data with conditions"
            )
        return Signature(inputs={"responses": SHAPE, "conditions": (len(data.conditions),)}, output=(1,))

    def build(self, params: Params, data: DataInfo) -> keras.Model:
        """The network."""
        from plugins.physgan import networks

        return networks.maxpool(self.signature(params, data))


@hookimpl
def runner_architectures() -> Iterable[Architecture]:
    """PhysGAN's generators and critics."""
    return [Unparameterized(), Upsampling(), Discriminator(), Maxpool()]
