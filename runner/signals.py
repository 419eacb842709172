"""Asking a run to stop: the first signal waits for the block of steps, a second Ctrl-C for nothing."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

log = logging.getLogger("runner")

_POLITE = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)

_PATIENCE = 1.0
"""How long a process may take to leave in good order after a second Ctrl-C [s]."""


class Stopped(BaseException):
    """The process was asked to stop; no Exception, so that no plugin takes it for a failure of its own."""


class Stop:
    """Whether the process has been asked to stop, by SIGINT, SIGTERM or SIGUSR1 (batch systems send it before a limit).

    A second SIGINT raises KeyboardInterrupt at once, and ends the process where Python does not get a turn, as in a
    long block of compiled steps.
    """

    def __init__(self) -> None:
        self._asked = False  # no Event: setting one takes a lock, which a handler that interrupts itself waits for
        self._waits = True
        self._left = threading.Event()

    def asked(self) -> bool:
        """Whether a signal has come."""
        return self._asked

    def at_once(self) -> None:
        """From now on a signal interrupts whatever is going on.

        Raises:
            Stopped: If one has come before; later, when one comes.
        """
        self._waits = False
        if self._asked:
            raise Stopped

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._asked:
            if number == signal.SIGINT:
                raise KeyboardInterrupt
            return
        self._asked = True
        if not self._waits:
            raise Stopped

    def _watch(self, signals: int) -> None:
        """Answers each signal as it comes; `_handle` has to wait until compiled code returns."""
        first = True
        while byte := os.read(signals, 1):
            if byte[0] not in _POLITE:
                continue
            if first:
                when = "after this block of steps" if self._waits else "now"
                log.info("%s: stopping %s", signal.Signals(byte[0]).name, when)
            elif byte[0] == signal.SIGINT and not self._left.wait(_PATIENCE):
                _leave()
            first = False


def _leave() -> None:
    show_cursor = b"\x1b[?25h" if os.isatty(2) else b""  # a progress bar hides it
    os.write(2, show_cursor + b"stopped\n")
    os._exit(130)


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Yields what says whether the process has been asked to stop, while signals only ask."""
    stop = Stop()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    watcher = threading.Thread(target=stop._watch, args=(reading,), name="signals", daemon=True)
    watcher.start()
    previous_descriptor = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    previous = {number: signal.signal(number, stop._handle) for number in _POLITE}
    try:
        yield stop
    finally:
        stop._left.set()
        for number, handler in previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(previous_descriptor)
        os.close(writing)
        watcher.join()
        os.close(reading)
