"""Responses from a trained model, in physical units."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from runner import seeds
from runner.api import Sample
from runner.backend.data import seed_tensor
from runner.evaluation import apply_threshold
from runner.transforms import FittedTransform

CHUNK = 1000
"""Events per call; fixed, so that the first n responses do not depend on how many are asked for."""


def generate(model: keras.Model, transform: FittedTransform, conditions: NDArray[np.float32], seed: int) -> Sample:
    """Responses at given conditions, cut at the detection threshold like real ones.

    Args:
        model: A strategy's model.
        transform: To network units and back.
        conditions: (events, n) in their units.
        seed: The experiment's seed.
    """
    events = len(conditions)
    padded = np.resize(conditions, (-(-events // CHUNK) * CHUNK, conditions.shape[1]))
    network_conditions = np.asarray(transform.forward_conditions(padded), np.float32)
    base = seed_tensor(seeds.derive(seed, "generate"))

    def one_chunk(conditions: Any, number: Any) -> Any:
        return model.generate(conditions, tf.random.experimental.stateless_fold_in(base, number))

    compiled = tf.function(one_chunk, autograph=False)
    chunks = [
        compiled(tf.constant(network_conditions[start : start + CHUNK]), tf.constant(start // CHUNK)).numpy()
        for start in range(0, events, CHUNK)
    ]
    responses = np.asarray(transform.inverse(np.concatenate(chunks)[:events]), np.float32)
    info = transform.info
    return Sample(
        info=info,
        responses=apply_threshold(responses, info.threshold),
        conditions=np.asarray(conditions, np.float32),
        event_ids=np.arange(events, dtype=np.int64),
    )
