"""The table as a Keras layer, so that it is saved and restored like any network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from runner.api import Signature


@keras.saving.register_keras_serializable(package="nearest_condition")
class Table(keras.layers.Layer):
    """Conditions and responses of events, the nearest of which is looked up.

    Args:
        events: Rows.
        conditions: Number of conditions, 0 where there are none.
        shape: Shape of a response.
    """

    def __init__(self, events: int, conditions: int, shape: tuple[int, ...], **options: Any) -> None:
        # halves would change what is looked up
        super().__init__(**{**options, "trainable": False, "dtype": "float32"})
        self.events, self.conditions, self.shape = events, conditions, tuple(shape)

    def build(self, input_shape: Any) -> None:
        """The empty rows, and how many have been written."""
        if self.conditions:
            self.known = self.add_weight(shape=(self.events, self.conditions), initializer="zeros", name="conditions")
        self.responses = self.add_weight(shape=(self.events, *self.shape), initializer="zeros", name="responses")
        self.written = self.add_weight(shape=(), initializer="zeros", dtype="int64", name="written")

    def filled(self) -> Any:
        """Rows that hold an event, int64 scalar."""
        return tf.minimum(tf.convert_to_tensor(self.written), self.events)

    def write(self, responses: Any, conditions: Any) -> None:
        """Writes events into the next rows, from the first one again after the last.

        Args:
            responses: (batch, *shape); no more are written than there are rows.
            conditions: (batch, conditions).
        """
        count = min(responses.shape[0], self.events)
        rows = (tf.convert_to_tensor(self.written) + tf.range(count, dtype=tf.int64)) % self.events
        pairs = [(self.responses, responses)]
        if self.conditions:
            pairs.append((self.known, conditions))
        for weight, values in pairs:
            weight.assign(tf.tensor_scatter_nd_update(tf.convert_to_tensor(weight), rows[:, None], values[:count]))
        self.written.assign_add(count)

    def call(self, inputs: Mapping[str, Any]) -> Any:
        """Responses in network units, (events, *shape); zeros where no row is filled."""
        rows = self._nearest(inputs["conditions"]) if self.conditions else self._drawn(inputs["latent"])
        return tf.gather(tf.convert_to_tensor(self.responses), rows)

    def _nearest(self, asked: Any) -> Any:
        known, filled = tf.convert_to_tensor(self.known), self.filled()
        present = tf.range(self.events, dtype=tf.int64) < filled
        count = tf.cast(tf.maximum(filled, 1), tf.float32)
        weights = tf.cast(present, tf.float32)[:, None] / count
        mean = tf.reduce_sum(weights * known, axis=0)
        variance = tf.reduce_sum(weights * tf.square(known - mean), axis=0)
        inverse = tf.where(variance > 0, 1 / tf.where(variance > 0, variance, 1), 1)
        # one condition at a time: no array of all differences, and no cancellation as in a product of matrices
        distances = tf.zeros((tf.shape(asked)[0], self.events))
        for k in range(self.conditions):
            distances += inverse[k] * tf.square(asked[:, k, None] - known[None, :, k])
        return tf.argmin(tf.where(present, distances, tf.float32.max), axis=1)

    def _drawn(self, latent: Any) -> Any:
        filled = self.filled()
        row = tf.cast(tf.cast(latent[:, 0], tf.float64) * tf.cast(filled, tf.float64), tf.int64)
        return tf.clip_by_value(row, 0, tf.maximum(filled - 1, 0))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """(events, *shape)."""
        return (input_shape["latent"][0], *self.shape)

    def get_config(self) -> dict[str, Any]:
        """What the layer is made of."""
        return super().get_config() | {"events": self.events, "conditions": self.conditions, "shape": self.shape}


def build(events: int, signature: Signature) -> keras.Model:
    """The table as a network.

    Args:
        events: Rows.
        signature: Inputs and output.
    """
    inputs = {name: keras.Input(shape, name=name) for name, shape in signature.inputs.items()}
    (conditions,) = signature.inputs.get("conditions", (0,))
    return keras.Model(inputs, Table(events, conditions, signature.output, name="table")(inputs))
