"""Training data; batches are a pure function of (seed, step, how many before)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from runner import seeds
from runner.api import Sample
from runner.errors import PluginError
from runner.transforms import FittedTransform


class _Order:
    """The order in which events are used, remembered by nobody.

    Each of a step's batches goes through the events in passes of its own: every pass uses each event once, in
    another pseudo-random order.
    """

    def __init__(self, events: int, batch_size: int, seed: int) -> None:
        self.events, self.batch_size, self._seed = events, batch_size, seed

    def index(self, steps: Any, number: int) -> Any:
        """Events in batch `number` of each step, (steps, batch).

        Args:
            steps: int64 tensor (steps,), from 0.
            number: How many batches a step has had before.
        """
        positions = steps[:, None] * self.batch_size + tf.range(self.batch_size, dtype=tf.int64)
        position = tf.reshape(positions, [-1])
        epoch, place = position // self.events, position % self.events
        first, second = (tf.fill(tf.shape(position), word) for word in _words(self._derived(number)))
        # the generated wrapper: the public one refuses seeds that differ between elements
        index = tf.raw_ops.RandomIndexShuffle(
            index=place,
            seed=tf.stack([first, second, tf.cast(epoch, tf.int32)], axis=1),
            max_index=tf.constant(self.events - 1, tf.int64),
        )
        return tf.reshape(index, tf.shape(positions))

    def _derived(self, number: int) -> int:
        return seeds.derive(self._seed, "batches", number)


class ResidentData:
    """Transformed events in the device's memory; batches are gathered there.

    Args:
        sample: Training events in physical units.
        transform: To network units.
        batches: Batches of a step.
        batch_size: Events per batch.
        seed: The experiment's seed.

    Attributes:
        signature: Of what `fed` returns.
    """

    signature: tuple[tf.TensorSpec, ...] = ()

    def __init__(self, sample: Sample, transform: FittedTransform, batches: int, batch_size: int, seed: int) -> None:
        self._responses = tf.constant(np.asarray(transform.forward(sample.responses), np.float32))
        self._conditions = tf.constant(np.asarray(transform.forward_conditions(sample.conditions), np.float32))
        self._numbers = range(batches)
        self._order = _Order(len(sample), batch_size, seed)

    def fed(self, first: int, count: int) -> tuple[Any, ...]:
        """What a block of steps is given beside its steps: nothing."""
        return ()

    def batches(self, step: Any, place: Any, *fed: Any) -> list[tuple[Any, Any]]:
        """Batches of a step: responses (batch, *shape) and conditions (batch, n).

        Args:
            step: int64 scalar tensor, from 0.
            place: int32 scalar tensor: the step's place in its block.
            fed: What `fed` returned for the block.
        """
        indices = [self._order.index(step[None], number)[0] for number in self._numbers]
        return [(tf.gather(self._responses, index), tf.gather(self._conditions, index)) for index in indices]


class FedData:
    """Events that do not fit into memory: those of a block of steps are read and transformed before it.

    The batches are the same bits as those of `ResidentData`, whose arguments these are.
    """

    def __init__(self, sample: Sample, transform: FittedTransform, batches: int, batch_size: int, seed: int) -> None:
        self._sample, self._transform = sample, transform
        self._numbers = range(batches)
        self._order = _Order(len(sample), batch_size, seed)
        shapes = [(None, batches, batch_size, *shape) for shape in (sample.info.shape, sample.conditions.shape[1:])]
        self.signature = tuple(tf.TensorSpec(shape, tf.float32) for shape in shapes)

    def fed(self, first: int, count: int) -> tuple[Any, ...]:
        """Batches of a block: responses (count, batches, batch, *shape) and conditions (count, batches, batch, n)."""
        steps = tf.range(first, first + count, dtype=tf.int64)
        index = np.zeros((count, len(self._numbers), self._order.batch_size), np.int64)
        for number in self._numbers:
            index[:, number] = self._order.index(steps, number)
        events = self._sample.take(index.reshape(-1)).loaded()
        responses = np.asarray(self._transform.forward(events.responses), np.float32)
        conditions = np.asarray(self._transform.forward_conditions(events.conditions), np.float32)
        return tuple(tf.constant(a.reshape(*index.shape, *a.shape[1:])) for a in (responses, conditions))

    def batches(self, step: Any, place: Any, *fed: Any) -> list[tuple[Any, Any]]:
        """Batches of a step; see `ResidentData.batches`."""
        responses, conditions = fed
        return [(responses[place, number], conditions[place, number]) for number in self._numbers]


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
