"""PhysGAN's generators, layer for layer."""

from __future__ import annotations

import keras
from keras import layers

from plugins.physgan.layering import FULL, chain, conv, inputs_of, transposed
from runner.api import Signature


def build(name: str, signature: Signature) -> keras.Model:
    """The generator of this name: conditions first, then random numbers, to a response.

    Args:
        name: The component's name.
        signature: Its inputs and output.
    """
    inputs = inputs_of(signature)
    latent = inputs["latent"]
    if "conditions" in inputs:
        latent = layers.Concatenate()([inputs["conditions"], latent])
    return keras.Model(inputs, chain(latent, *_STACKS[name](), layers.Reshape(signature.output, dtype=FULL)))


def _unparameterized() -> list[layers.Layer]:
    """3x3 doubled twice to 12x12, then cut to 8x8 by two convolutions without padding."""
    return [
        layers.Dense(64, activation="relu"),
        layers.Dense(360, activation="relu"),
        layers.Reshape((3, 3, 40)),
        conv(32, "same"),
        layers.UpSampling2D(),
        conv(16, "same"),
        layers.UpSampling2D(),
        conv(8, "same"),
        conv(4, "valid"),
        conv(1, "valid", dtype=FULL),
    ]


def _upsampling() -> list[layers.Layer]:
    """6x6 -> 4x4, doubled -> 8x8 -> 6x6, doubled -> 12x12 -> 8x8."""
    return [
        layers.Dense(216, activation="relu"),
        layers.Reshape((6, 6, 6)),
        conv(32, "same"),
        conv(32, "valid"),
        layers.UpSampling2D(),
        conv(16, "same"),
        conv(16, "valid"),
        layers.UpSampling2D(),
        conv(8, "valid"),
        conv(1, "valid", dtype=FULL),
    ]


def _batch_norm() -> list[layers.Layer]:
    """6x6 widened to 12x12 by transposed convolutions, halved, and widened to 8x8."""
    return [
        layers.Dense(36),
        *_normalised(),
        layers.Reshape((6, 6, 1)),
        transposed(64, "valid"),
        *_normalised(),
        transposed(32, "valid"),
        *_normalised(),
        transposed(32, "same"),
        *_normalised(),
        transposed(16, "valid"),
        *_normalised(),
        layers.MaxPooling2D(),
        transposed(1, "valid", activation="relu", dtype=FULL),
    ]


def _normalised() -> list[layers.Layer]:
    return [layers.BatchNormalization(), layers.LeakyReLU()]


def _simple() -> list[layers.Layer]:
    """4x4 doubled twice to 16x16 by strides, then halved."""
    return [
        layers.Dense(2048, use_bias=False, activation="relu"),
        layers.Reshape((4, 4, 128)),
        transposed(32, "same", activation="relu"),
        transposed(64, "same", strides=2, activation="relu"),
        layers.Conv2DTranspose(1, 5, strides=2, padding="same", use_bias=False, activation="relu", dtype=FULL),
        layers.MaxPooling2D(dtype=FULL),
    ]


_STACKS = {
    "physgan_unparameterized": _unparameterized,
    "physgan_upsampling": _upsampling,
    "physgan_batch_norm_generator": _batch_norm,
    "physgan_simple_generator": _simple,
}
