"""PhysGAN's critics, layer for layer, and its three ways of telling them conditions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import keras
from keras import layers

from plugins.physgan.layering import FULL, chain, conv, inputs_of
from runner.api import Signature

Stack = Callable[[], list[layers.Layer]]


@dataclass(frozen=True)
class _Image:
    """A critic of images.

    Attributes:
        features: From the image to a vector.
        head: From that vector to the score.
        conditional: The features where conditions join them.
    """

    features: Stack
    head: Stack
    conditional: Stack


def build(name: str, signature: Signature, way: str) -> keras.Model:
    """The critic of this name.

    Args:
        name: The component's name.
        signature: Its inputs and output.
        way: How conditions are told: features, channels or pixels.
    """
    critic = _CRITICS[name]
    inputs = inputs_of(signature)
    pads, times = signature.inputs["responses"]
    image = layers.Reshape((pads, times, 1))(inputs["responses"])
    if "conditions" not in inputs:
        return keras.Model(inputs, chain(image, *critic.features(), *critic.head()))
    conditions = inputs["conditions"]
    if way == "features":
        features = chain(image, *critic.conditional())
        return keras.Model(inputs, chain(layers.Concatenate()([conditions, features]), *_dense(0.2)()))
    told = _as_channels(image, conditions) if way == "channels" else _as_pixels(image, conditions)
    return keras.Model(inputs, chain(told, *critic.features(), *critic.head()))


def _as_channels(image: keras.KerasTensor, conditions: keras.KerasTensor) -> keras.KerasTensor:
    """The image with a constant channel for each condition, (pads, times, 1 + n)."""
    _, pads, times, _ = image.shape
    repeated = layers.RepeatVector(pads * times)(conditions)
    return layers.Concatenate()([image, layers.Reshape((pads, times, conditions.shape[1]))(repeated)])


def _as_pixels(image: keras.KerasTensor, conditions: keras.KerasTensor) -> keras.KerasTensor:
    """An image made of the flattened image and the conditions together, (pads, times, 1)."""
    both = layers.Concatenate()([conditions, layers.Flatten()(image)])
    return chain(both, layers.Dense(math.prod(image.shape[1:])), layers.Reshape(image.shape[1:]))


def _dense(dropout: float) -> Stack:
    return lambda: [layers.Dense(128, activation="relu"), layers.Dropout(dropout), layers.Dense(1, dtype=FULL)]


def _linear() -> list[layers.Layer]:
    return [layers.Dense(1, dtype=FULL)]


def _discriminator() -> list[layers.Layer]:
    return [
        conv(16, "same"),
        layers.Dropout(0.2),
        layers.MaxPooling2D(padding="same"),
        conv(32, "same"),
        layers.Dropout(0.2),
        layers.MaxPooling2D(padding="same"),
        conv(64, "same"),
        layers.Dropout(0.2),
        layers.Flatten(),
    ]


def _maxpool() -> list[layers.Layer]:
    return [
        conv(8, "same"),
        layers.Dropout(0.2),
        conv(16, "valid"),
        layers.Dropout(0.2),
        layers.MaxPooling2D(),
        conv(32, "same"),
        layers.Dropout(0.2),
        conv(64, "same"),
        layers.Dropout(0.2),
        conv(64, "valid"),
        layers.Dropout(0.2),
        layers.Flatten(),
    ]


def _batch_norm(*dropout: float) -> Stack:
    """Five convolutions, the last three normalised, each followed by its dropout."""

    def stack() -> list[layers.Layer]:
        convolutions = ((16, "valid"), (16, "same"), (32, "valid"), (32, "same"), (64, "valid"))
        result: list[layers.Layer] = []
        for number, ((filters, padding), rate) in enumerate(zip(convolutions, dropout, strict=True)):
            result.append(conv(filters, padding, activation=None))
            if number >= 2:
                result.append(layers.BatchNormalization())
            result += [layers.LeakyReLU(), layers.Dropout(rate)]
        return [*result, layers.Flatten()]

    return stack


def _simple() -> list[layers.Layer]:
    return [
        layers.Conv2D(64, 5, strides=2, padding="same"),
        layers.LeakyReLU(),
        layers.Dropout(0.1),
        layers.Conv2D(32, 5, strides=2, padding="same"),
        layers.LeakyReLU(),
        layers.Dropout(0.1),
        layers.Flatten(),
    ]


_CRITICS: Mapping[str, _Image] = {
    "physgan_discriminator": _Image(_discriminator, _dense(0.4), _discriminator),
    "physgan_maxpool": _Image(_maxpool, _dense(0.2), _maxpool),
    "physgan_batch_norm_critic": _Image(
        _batch_norm(0.3, 0.3, 0.2, 0.3, 0.3), _linear, _batch_norm(0.2, 0.2, 0.2, 0.2, 0.2)
    ),
    "physgan_simple_critic": _Image(_simple, _linear, _simple),
}
