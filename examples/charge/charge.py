"""A plugin in one file: a generator for responses of any shape, and a metric.

Used as it is, ``runner run FILE --plugin charge.py``, or installed, ``pip install examples/charge``.
"""

from __future__ import annotations

import math

import numpy as np

from runner.api import Architecture, Field, Measurement, Metric, Params, Score, Signature, hookimpl


class DenseGenerator(Architecture):
    """Generator of dense layers, for responses of any shape."""

    name = "dense_generator"
    role = "generator"

    class Params(Params):
        """Size of the network."""

        latent_dim: int = Field(32, ge=1, description="random numbers per response")
        units: int = Field(64, ge=1, description="width of the hidden layer")

    def signature(self, params, data):
        """Latent vector, and the conditions where there are any, to a response."""
        inputs = {"latent": (params.latent_dim,)}
        if data.conditions:
            inputs["conditions"] = (len(data.conditions),)
        return Signature(inputs, data.shape)

    def build(self, params, data):
        """The network; outputs are >= 0 (softplus)."""
        import keras

        signature = self.signature(params, data)
        inputs = {name: keras.Input(shape, name=name) for name, shape in signature.inputs.items()}
        x = keras.layers.Concatenate()(list(inputs.values())) if len(inputs) > 1 else inputs["latent"]
        x = keras.layers.Dense(params.units, activation="relu")(x)
        x = keras.layers.Dense(math.prod(data.shape), activation="softplus")(x)
        return keras.Model(inputs, keras.layers.Reshape(data.shape)(x))


class MeanCharge(Metric):
    """Charge of a response, summed over all pixels: mean of generated minus mean of real responses."""

    name = "mean_charge"
    unit = "ADC"
    better = "zero"

    def measure(self, params, real, generated, rng):
        """One score, with its standard error."""
        real_charge, charge = (s.responses.sum(axis=(1, 2), dtype=np.float64) for s in (real, generated))
        error = math.hypot(*(q.std(ddof=1) / math.sqrt(len(q)) for q in (real_charge, charge)))
        return Measurement({"difference": Score(float(charge.mean() - real_charge.mean()), error)})


@hookimpl
def runner_architectures():
    """The generator."""
    return [DenseGenerator()]


@hookimpl
def runner_metrics():
    """The metric."""
    return [MeanCharge()]
