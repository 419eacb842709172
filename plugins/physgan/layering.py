"""What PhysGAN's tables are written in.

Keras' defaults of TensorFlow 2.1 hold: kernels glorot_uniform, biases 0, LeakyReLU with slope 0.3.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from runner.api import Signature


def inputs_of(signature: Signature) -> dict[str, keras.KerasTensor]:
    """An input tensor per name."""
    return {name: keras.Input(shape, name=name) for name, shape in signature.inputs.items()}


def chain(x: keras.KerasTensor, *stack: layers.Layer) -> keras.KerasTensor:
    """One layer after another."""
    for layer in stack:
        x = layer(x)
    return x


FULL = "float32"
"""Precision of the last layers, also where the others compute in halves, whose steps would show in amplitudes."""


def conv(filters: int, padding: str, activation: str | None = "relu", **options: Any) -> layers.Layer:
    """A 3x3 convolution."""
    return layers.Conv2D(filters, 3, padding=padding, activation=activation, **options)


def transposed(filters: int, padding: str, **options: Any) -> layers.Layer:
    """A 3x3 transposed convolution."""
    return layers.Conv2DTranspose(filters, 3, padding=padding, **options)
