"""Asking a training loop to stop: the first signal waits for the block of steps, the second does not."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

log = logging.getLogger("runner")

_POLITE = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


@contextmanager
def stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Yields a function that says whether the process has been asked to stop.

    SIGINT, SIGTERM and SIGUSR1 (what batch systems send before a time limit) ask; a second SIGINT raises
    KeyboardInterrupt at once.
    """
    asked = threading.Event()

    def handle(number: int, _frame: FrameType | None) -> None:
        if asked.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked.set()
        log.info("%s: stopping after this block of steps", signal.Signals(number).name)

    previous = {number: signal.signal(number, handle) for number in _POLITE}
    try:
        yield asked.is_set
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
