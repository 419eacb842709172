"""Responses from a trained model, in physical units."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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


class Sampler:
    """A model's responses, cut at the detection threshold like real ones.

    The model is traced once; its weights may change between two uses.

    Args:
        model: A strategy's model.
        transform: To network units and back.
        seed: Response number i at given conditions depends on nothing else.
    """

    def __init__(self, model: keras.Model, transform: FittedTransform, seed: int) -> None:
        self._transform = transform
        base = seed_tensor(seeds.derive(seed, "generate"))

        def one_chunk(conditions: Any, number: Any) -> Any:
            return model.generate(conditions, tf.random.experimental.stateless_fold_in(base, number))

        self._compiled = tf.function(one_chunk, autograph=False)
        self._any_size = tf.function(one_chunk, autograph=False)

    def __call__(self, conditions: NDArray[np.float32]) -> Sample:
        """Responses number 0, 1, ... at given conditions.

        Args:
            conditions: (events, n) in their units.
        """
        chunks = range(-(-len(conditions) // CHUNK))
        parts = list(self.chunks(conditions[n * CHUNK : (n + 1) * CHUNK] for n in chunks))
        return Sample(
            info=self._transform.info,
            responses=np.concatenate([part.responses for part in parts]),
            conditions=np.asarray(conditions, np.float32),
            event_ids=np.arange(len(conditions), dtype=np.int64),
        )

    def at_once(self, conditions: NDArray[np.float32]) -> Sample:
        """As many responses as there are conditions in one call, as an application asks for them.

        They are others than those of the same number in larger parts. The first call with a number of events is slow,
        because the model is traced for it.
        """
        return self._finished(self._any_size, 0, conditions, conditions)

    def chunks(self, conditions: Iterator[NDArray[np.float32]]) -> Iterator[Sample]:
        """Consecutive parts of the responses; a few are made at a time, and no more are in memory.

        Args:
            conditions: Of each part, (`CHUNK`, n); the last one may be shorter.
        """
        at_once = tf.config.threading.get_inter_op_parallelism_threads() or len(os.sched_getaffinity(0))
        waiting: deque[Future[Sample]] = deque()
        with ThreadPoolExecutor(at_once) as pool:
            for number, part in enumerate(conditions):
                waiting.append(pool.submit(self._part, number, part))
                if len(waiting) > at_once:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _part(self, number: int, conditions: NDArray[np.float32]) -> Sample:
        """Part `number` of the responses."""
        padded = np.resize(conditions, (CHUNK, conditions.shape[1]))  # one shape: traced once
        return self._finished(self._compiled, number, padded, conditions)

    def _finished(
        self, compiled: Any, number: int, padded: NDArray[np.float32], conditions: NDArray[np.float32]
    ) -> Sample:
        info, events = self._transform.info, len(conditions)
        network_conditions = np.asarray(self._transform.forward_conditions(padded), np.float32)
        generated = compiled(tf.constant(network_conditions), tf.constant(number)).numpy()
        with np.errstate(over="ignore"):  # what is too large becomes infinite, which whoever uses it looks for
            responses = np.asarray(self._transform.inverse(generated[:events]), np.float32)
        return Sample(
            info=info,
            responses=apply_threshold(responses, info.threshold),
            conditions=np.asarray(conditions, np.float32),
            event_ids=np.arange(number * CHUNK, number * CHUNK + events, dtype=np.int64),
        )
