"""Losses and scores in TensorBoard."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from runner.api import Callback, CallbackContext, Params, hookimpl

if TYPE_CHECKING:
    import keras


class TensorBoard(Callback):
    """Losses, scores and responses while training, for ``tensorboard --logdir RUN/tensorboard``."""

    name = "tensorboard"
    requires = ("tensorboard",)
    reference = "https://www.tensorflow.org/tensorboard"

    def build(self, params: Params, run: CallbackContext) -> keras.callbacks.Callback:
        """A callback that writes below ``<run>/tensorboard``."""
        from plugins.tensorboard.writer import SummaryWriter

        return SummaryWriter(run.directory / self.name, run.gallery)


@hookimpl
def runner_callbacks() -> Iterable[Callback]:
    """The callback of this plugin."""
    return [TensorBoard()]
