"""PhysGAN's networks, layer for layer.

Keras' defaults of TensorFlow 2.1 hold: kernels glorot_uniform, biases 0. All convolutions are 3x3.
"""

from __future__ import annotations

import keras
from keras import layers

from runner.api import Signature


def _inputs(signature: Signature) -> dict[str, keras.KerasTensor]:
    return {name: keras.Input(shape, name=name) for name, shape in signature.inputs.items()}


def _conv(filters: int, padding: str) -> layers.Layer:
    return layers.Conv2D(filters, 3, padding=padding, activation="relu")


def _latent(inputs: dict[str, keras.KerasTensor]) -> keras.KerasTensor:
    if "conditions" not in inputs:
        return inputs["latent"]
    return layers.Concatenate()([inputs["conditions"], inputs["latent"]])


def _chain(x: keras.KerasTensor, *stack: layers.Layer) -> keras.KerasTensor:
    for layer in stack:
        x = layer(x)
    return x


def unparameterized(signature: Signature) -> keras.Model:
    """Generator: 3x3 doubled twice to 12x12, then cut to 8x8 by two convolutions without padding."""
    inputs = _inputs(signature)
    image = _chain(
        _latent(inputs),
        layers.Dense(64, activation="relu"),
        layers.Dense(360, activation="relu"),
        layers.Reshape((3, 3, 40)),
        _conv(32, "same"),
        layers.UpSampling2D(),
        _conv(16, "same"),
        layers.UpSampling2D(),
        _conv(8, "same"),
        _conv(4, "valid"),
        _conv(1, "valid"),
        layers.Reshape(signature.output),
    )
    return keras.Model(inputs, image)


def upsampling(signature: Signature) -> keras.Model:
    """Generator: 6x6 -> 4x4, doubled -> 8x8 -> 6x6, doubled -> 12x12 -> 8x8."""
    inputs = _inputs(signature)
    image = _chain(
        _latent(inputs),
        layers.Dense(216, activation="relu"),
        layers.Reshape((6, 6, 6)),
        _conv(32, "same"),
        _conv(32, "valid"),
        layers.UpSampling2D(),
        _conv(16, "same"),
        _conv(16, "valid"),
        layers.UpSampling2D(),
        _conv(8, "valid"),
        _conv(1, "valid"),
        layers.Reshape(signature.output),
    )
    return keras.Model(inputs, image)


def discriminator(signature: Signature) -> keras.Model:
    """Critic of a response alone."""
    inputs = _inputs(signature)
    score = _chain(
        inputs["responses"],
        layers.Reshape((*signature.inputs["responses"], 1)),
        _conv(16, "same"),
        layers.Dropout(0.2),
        layers.MaxPooling2D(padding="same"),
        _conv(32, "same"),
        layers.Dropout(0.2),
        layers.MaxPooling2D(padding="same"),
        _conv(64, "same"),
        layers.Dropout(0.2),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.4),
        layers.Dense(1),
    )
    return keras.Model(inputs, score)


def maxpool(signature: Signature) -> keras.Model:
    """Critic of a response and its conditions; the conditions join the 64 features of the image."""
    inputs = _inputs(signature)
    features = _chain(
        inputs["responses"],
        layers.Reshape((*signature.inputs["responses"], 1)),
        _conv(8, "same"),
        layers.Dropout(0.2),
        _conv(16, "valid"),
        layers.Dropout(0.2),
        layers.MaxPooling2D(),
        _conv(32, "same"),
        layers.Dropout(0.2),
        _conv(64, "same"),
        layers.Dropout(0.2),
        _conv(64, "valid"),
        layers.Dropout(0.2),
        layers.Flatten(),
    )
    score = _chain(
        layers.Concatenate()([inputs["conditions"], features]),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(1),
    )
    return keras.Model(inputs, score)
