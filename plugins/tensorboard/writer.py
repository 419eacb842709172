"""Scalars of a training run, as TensorBoard event files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import tensorflow as tf


class SummaryWriter(keras.callbacks.Callback):
    """Writes ``loss/<name>`` after each block of steps and ``score/<metric>/<score>`` at the end."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._writer = tf.summary.create_file_writer(str(folder))
        self._step = 0

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Losses of step `batch`; on disk at once, so that a killed run still shows them."""
        self._step = batch
        self._write("loss", logs or {})

    def on_test_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Scores, at the last step trained."""
        self._write("score", logs or {})

    def _write(self, group: str, values: Mapping[str, float]) -> None:
        with self._writer.as_default():
            for name, value in values.items():
                tf.summary.scalar(f"{group}/{name}", value, step=self._step)
        self._writer.flush()
