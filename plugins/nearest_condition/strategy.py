"""Training that remembers events and does nothing else."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from plugins.nearest_condition.table import Table
from runner.api import DataError, DataInfo, TrainingStep


class NearestConditionModel(keras.Model):
    """The table, filled batch after batch."""

    def __init__(self, generator: keras.Model, data: DataInfo) -> None:
        super().__init__()
        tables = [layer for layer in generator.layers if isinstance(layer, Table)]
        if not tables:
            raise DataError(
                "networks.generator: the strategy nearest_condition fills a table; write nearest_condition_table"
            )
        self.generator, self.table = generator, tables[0]
        self.conditional = bool(data.conditions)

    def train_step(self, step: TrainingStep) -> dict[str, Any]:
        """Writes a batch into the table."""
        self.table.write(*step.batch())
        return {"empty": 1 - tf.cast(self.table.filled(), tf.float32) / self.table.events}

    def generate(self, conditions: Any, seed: Any) -> Any:
        """Responses of the nearest rows, or of random ones, in network units."""
        events = conditions.shape[0] or tf.shape(conditions)[0]
        inputs = {"latent": tf.random.stateless_uniform((events, 1), seed, alg="philox")}
        if self.conditional:
            inputs["conditions"] = conditions
        return self.generator(inputs, training=False)
