"""Scalars of a training run, as TensorBoard event files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import tensorflow as tf


class SummaryWriter(keras.callbacks.Callback):
    """Writes losses after each block of steps, validation scores and a gallery at each checkpoint, scores at the end.

    Args:
        folder: Where event files go.
        gallery: Where the picture of a checkpoint's responses is, by the training step.
    """

    def __init__(self, folder: Path, gallery: Callable[[int], Path]) -> None:
        super().__init__()
        self._writer = tf.summary.create_file_writer(str(folder))
        self._gallery = gallery
        self._step = 0

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Losses of step `batch`; on disk at once, so that a killed run still shows them."""
        self._step = batch
        self._write("loss", logs or {})

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Scores on validation events and responses of the checkpoint of step `epoch`."""
        self._step = epoch
        self._write("validation", logs or {})
        picture = tf.io.decode_png(self._gallery(epoch).read_bytes(), channels=3)
        with self._writer.as_default():
            tf.summary.image("responses", picture[None], step=epoch)
        self._writer.flush()

    def on_test_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Scores, at the last step trained."""
        self._write("score", logs or {})

    def _write(self, group: str, values: Mapping[str, float]) -> None:
        with self._writer.as_default():
            for name, value in values.items():
                tf.summary.scalar(f"{group}/{name}", value, step=self._step)
        self._writer.flush()
