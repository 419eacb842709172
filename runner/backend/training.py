"""The training loop: blocks of steps, each one compiled call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from runner.api import Sample
from runner.backend.building import Built, variables
from runner.backend.data import FedData, ResidentData, StepInputs
from runner.backend.startup import quiet_start
from runner.errors import DivergedError, PluginError
from runner.transforms import FittedTransform

Losses = Mapping[str, NDArray[np.float32]]


class Trainer:
    """Networks in training.

    Args:
        built: Networks, optimizers and the strategy's model.
        sample: Training events in physical units.
        transform: To network units.
        batch_size: Events per batch.
        seed: The experiment's seed.
        jit_compile: Whether steps are compiled by XLA.

    Attributes:
        step: Training steps done.
        losses: Names of the losses, in the order of the history.
    """

    def __init__(
        self,
        built: Built,
        sample: Sample,
        transform: FittedTransform,
        *,
        batch_size: int,
        seed: int,
        jit_compile: bool = False,
    ) -> None:
        self.built = built
        self.step = 0
        data = FedData if sample.stored else ResidentData
        self._data: FedData | ResidentData = data(sample, transform, built.batches, batch_size, seed)
        self._events_per_step, self._events = built.batches * batch_size, len(sample)
        self._seed = seed
        self._start = {role: float(chosen.learning_rate) for role, chosen in built.optimizers.items()}
        self._weights = [(role, weight) for role, network in built.networks.items() for weight in network.weights]
        self._train_step = tf.function(self._traced_train_step, autograph=False, jit_compile=jit_compile or None)
        signature = (tf.TensorSpec([], tf.int64), tf.TensorSpec([], tf.int32), *self._data.signature)
        self._one_step = tf.function(self._traced_step, autograph=False, input_signature=signature)
        traced = self._one_step.get_concrete_function()
        self.losses: tuple[str, ...] = tuple(traced.structured_outputs)
        self._check_kept(traced.graph.variables)
        self._block = tf.function(self._traced_block, autograph=False, input_signature=signature)

    def _check_kept(self, used: Iterable[Any]) -> None:
        """Refuses variables that no checkpoint would keep."""
        kept = {id(variable.value) for _, variable in variables(self.built)}
        if lost := [variable.name for variable in used if id(variable) not in kept]:
            raise PluginError(
                f"train_step uses the variable {lost[0]}, which no checkpoint would keep: "
                "make it a weight of a network, or a keras.Variable that is an attribute of the strategy's model"
            )

    def _traced_step(self, step: Any, place: Any, *fed: Any) -> dict[str, Any]:
        self._set_learning_rates(step)
        # outside of what XLA compiles, which has no kernel for the order of events
        batches = self._data.batches(step, place, *fed)
        losses: dict[str, Any] = self._train_step(step, batches)
        return losses

    def _traced_train_step(self, step: Any, batches: Sequence[tuple[Any, Any]]) -> dict[str, Any]:
        inputs = StepInputs(batches, step, self._seed)
        losses = self.built.model.train_step(inputs)
        inputs.check(inputs.asked == len(batches))
        if not isinstance(losses, dict) or not losses:
            raise PluginError(f"train_step returned {losses!r}; return a dictionary of losses by name")
        for name, value in losses.items():
            if tf.convert_to_tensor(value).shape.rank != 0:
                raise PluginError(f"train_step: the loss {name!r} is no scalar but {value!r}")
        return {name: tf.cast(value, tf.float32) for name, value in losses.items()}

    def _set_learning_rates(self, step: Any) -> None:
        """Learning rates of a step (int64 tensor, from 0), a function of it alone."""
        epochs = step * self._events_per_step // self._events
        for role, decay in self.built.decays.items():
            if decay is not None:
                passed = (step if decay.unit == "steps" else epochs) // decay.every
                factor = tf.cast(decay.rate, tf.float64) ** tf.cast(passed, tf.float64)
                self.built.optimizers[role].learning_rate.assign(self._start[role] * tf.cast(factor, tf.float32))

    def _traced_block(self, first: Any, count: Any, *fed: Any) -> tuple[Any, Any]:
        """Losses of `count` steps, (count, losses), and whether each weight is finite then, (weights,)."""
        table = tf.TensorArray(tf.float32, size=count, element_shape=(len(self.losses),))

        def one(done: Any, table: Any) -> tuple[Any, Any]:
            losses = self._one_step(first + tf.cast(done, tf.int64), done, *fed)
            return done + 1, table.write(done, tf.stack([losses[name] for name in self.losses]))

        _, table = tf.while_loop(lambda done, _: done < count, one, (tf.constant(0), table), parallel_iterations=1)
        table = table.stack()
        with tf.control_dependencies([table]):
            finite = [tf.reduce_all(tf.math.is_finite(tf.cast(w.value, tf.float32))) for _, w in self._weights]
        return table, tf.stack(finite) if finite else tf.ones((0,), tf.bool)

    def compute(self, count: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Does the next `count` steps, without counting them.

        Returns:
            Their losses, (count, losses), and which weights are finite after them, (weights,).
        """
        first = self._block.experimental_get_tracing_count() == 0
        with quiet_start() if first else nullcontext():  # the graph's optimizer complains of what it leaves alone
            fed = self._data.fed(self.step, count)
            losses, finite = self._block(tf.constant(self.step, tf.int64), tf.constant(count), *fed)
        return losses.numpy(), finite.numpy()

    def run(
        self,
        *,
        steps: int,
        block: int,
        checkpoint_every: int,
        on_block: Callable[[int, Losses], None],
        on_checkpoint: Callable[[int], None],
        should_stop: Callable[[], bool],
    ) -> bool:
        """Trains up to step `steps`, or until asked to stop.

        Args:
            steps: Number of the last step.
            block: Steps per compiled call.
            checkpoint_every: A block never goes past a multiple of it.
            on_block: Called after each block with the number of its first step (from 1) and its losses (count,).
            on_checkpoint: Called at every multiple of `checkpoint_every`, at the last step, and when stopping.
            should_stop: Asked after each block.

        Returns:
            Whether the last step was reached.

        Raises:
            DivergedError: If a loss or a weight is NaN or infinite, saying which and at which step.
        """
        while self.step < steps:
            count = min(block, steps - self.step, checkpoint_every - self.step % checkpoint_every)
            table, finite = self.compute(count)
            losses = dict(zip(self.losses, table.T, strict=True))
            on_block(self.step + 1, losses)
            self._check(table, finite)
            self.step += count
            stop = should_stop()
            if stop or self.step == steps or self.step % checkpoint_every == 0:
                on_checkpoint(self.step)
            if stop and self.step < steps:
                return False
        return True

    def _check(self, table: NDArray[np.float32], finite: NDArray[np.bool_]) -> None:
        advice = "try a smaller learning rate or a stronger penalty; checkpoints before it are kept"
        if len(wrong := np.argwhere(~np.isfinite(table))):
            row, column = wrong[0]
            step = self.step + int(row) + 1
            raise DivergedError(f"the loss {self.losses[column]} is {table[row, column]} at step {step}; {advice}")
        if not finite.all():
            role, weight = self._weights[int(np.argmin(finite))]
            last = self.step + len(table)
            raise DivergedError(f"{weight.path} of the {role} is NaN or infinite after step {last}; {advice}")
