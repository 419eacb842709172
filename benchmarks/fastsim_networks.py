"""The paper's pair of networks of TPC-FastSim, for the benchmark of training: a plugin given as a file."""

from __future__ import annotations

from runner.api import Architecture, Signature, hookimpl

REFERENCE = "TPC-FastSim, arXiv:2012.04595: baseline_fc_8x16_kinked"


class FastsimGenerator(Architecture):
    """Fully connected generator with a jump across the empty gap (19,936 parameters with four conditions)."""

    name = "fastsim_generator"
    role = "generator"
    reference = REFERENCE

    def signature(self, params, data):
        """32 random numbers and the conditions, to a response."""
        return Signature({"latent": (32,), "conditions": (len(data.conditions),)}, data.shape)

    def build(self, params, data):
        """The network."""
        import math

        import keras
        from keras import ops

        def kinked(x):
            low, high = 0.1 * math.log10(2), math.log10(2)
            between = low + (high - low) * x / 0.01
            return ops.where(x > 0.01, high + x - 0.01, ops.where(x > 0, between, low * ops.exp(ops.minimum(x, 0.0))))

        signature = self.signature(params, data)
        inputs = {name: keras.Input(shape, name=name) for name, shape in signature.inputs.items()}
        x = keras.layers.Concatenate()([inputs["conditions"], inputs["latent"]])
        for units in (32, 64, 64, 64):
            x = keras.layers.Dense(units, activation="elu")(x)
        x = keras.layers.Dense(math.prod(data.shape), activation=kinked)(x)
        return keras.Model(inputs, keras.layers.Reshape(data.shape)(x))


class FastsimCritic(Architecture):
    """Convolutional critic with conditions as channels and beside the features."""

    name = "fastsim_critic"
    role = "critic"
    reference = REFERENCE

    def signature(self, params, data):
        """Responses and conditions to a score."""
        return Signature({"responses": data.shape, "conditions": (len(data.conditions),)}, (1,))

    def build(self, params, data):
        """The network."""
        import keras
        from keras import layers

        signature = self.signature(params, data)
        inputs = {name: keras.Input(shape, name=name) for name, shape in signature.inputs.items()}
        pads, times = data.shape
        conditions = inputs["conditions"]
        tiled = layers.Reshape((pads, times, conditions.shape[1]))(layers.RepeatVector(pads * times)(conditions))
        x = layers.Concatenate()([layers.Reshape((pads, times, 1))(inputs["responses"]), tiled])
        stack = (
            (16, 3, "same", None),
            (16, 3, "same", (1, 2)),
            (32, 3, "same", None),
            (32, 3, "same", (2, 2)),
            (64, 3, "valid", None),
            (64, 2, "valid", None),
        )
        for filters, size, padding, pool in stack:
            x = layers.Dropout(0.02)(layers.Conv2D(filters, size, padding=padding, activation="elu")(x))
            if pool:
                x = layers.MaxPooling2D(pool)(x)
        x = layers.Concatenate()([layers.Flatten()(x), conditions])
        x = layers.Dropout(0.02)(layers.Dense(128, activation="elu")(x))
        return keras.Model(inputs, layers.Dense(1)(x))


@hookimpl
def runner_architectures():
    """Generator and critic."""
    return [FastsimGenerator(), FastsimCritic()]
