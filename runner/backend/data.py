"""Training data in the device's memory; batches are a pure function of (seed, step, how many before)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from runner import seeds
from runner.api import Sample
from runner.errors import PluginError
from runner.transforms import FittedTransform


class TrainingData:
    """Transformed events, and the order in which they are used.

    Each of a step's batches goes through the events in passes of its own: every pass uses each event once, in
    another pseudo-random order, and nothing has to be remembered between steps.

    Args:
        sample: Training events in physical units.
        transform: To network units.
        batch_size: Events per batch.
        seed: The experiment's seed.
    """

    def __init__(self, sample: Sample, transform: FittedTransform, batch_size: int, seed: int) -> None:
        self.responses = tf.constant(np.asarray(transform.forward(sample.responses), np.float32))
        self.conditions = tf.constant(np.asarray(transform.forward_conditions(sample.conditions), np.float32))
        self.batch_size = batch_size
        self.events = len(sample)
        self._seed = seed

    def batch(self, step: Any, number: int) -> tuple[Any, Any]:
        """Batch `number` of a step: responses (batch, *shape) and conditions (batch, n).

        Args:
            step: int64 scalar tensor, from 0.
            number: How many batches this step has had before.
        """
        position = step * self.batch_size + tf.range(self.batch_size, dtype=tf.int64)
        epoch, place = position // self.events, position % self.events
        first, second = _words(seeds.derive(self._seed, "batches", number))
        words = [tf.fill([self.batch_size], first), tf.fill([self.batch_size], second), tf.cast(epoch, tf.int32)]
        # the generated wrapper: the public one refuses seeds that differ between elements
        index = tf.raw_ops.RandomIndexShuffle(
            index=place, seed=tf.stack(words, axis=1), max_index=tf.constant(self.events - 1, tf.int64)
        )
        return tf.gather(self.responses, index), tf.gather(self.conditions, index)


class StepInputs:
    """What a strategy's ``train_step`` asks for, counted as it asks; see `runner.api.TrainingStep`.

    Args:
        batches: Those of the step, as many as the strategy declares.
        step: int64 scalar tensor, from 0.
        seed: The experiment's seed.

    Attributes:
        asked: How many batches ``train_step`` has asked for.
    """

    def __init__(self, batches: Sequence[tuple[Any, Any]], step: Any, seed: int) -> None:
        self._batches, self._step = batches, step
        self._base = tf.constant(_words(seeds.derive(seed, "training")), tf.int32)
        self.asked = self._seeds = 0

    def batch(self) -> tuple[Any, Any]:
        """Next batch of this step.

        Raises:
            PluginError: If there are no more.
        """
        self.asked += 1
        self.check(self.asked <= len(self._batches))
        return self._batches[self.asked - 1]

    def check(self, right: bool) -> None:
        """Refuses a ``train_step`` whose number of batches is not `right`."""
        if not right:
            raise PluginError(
                f"train_step asked for {self.asked} batches, but the strategy declares {len(self._batches)}"
            )

    def seed(self) -> Any:
        """Next seed of this step, int32 (2,)."""
        self._seeds += 1
        of_step = tf.random.experimental.stateless_fold_in(self._base, self._step)
        return tf.random.experimental.stateless_fold_in(of_step, self._seeds - 1)


def _words(seed: int) -> tuple[int, int]:
    """A seed as two int32 numbers."""
    return seed & 0x7FFFFFFF, (seed >> 31) & 0x7FFFFFFF


def seed_tensor(seed: int) -> Any:
    """A seed for ``tf.random.stateless_*``, int32 (2,)."""
    return tf.constant(_words(seed), tf.int32)
