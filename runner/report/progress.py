"""What a person sees while a run goes on: a live bar on a terminal, plain lines elsewhere.

Both go to standard error; everything said also goes to the run's log file.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from runner.run_directory import failure

if TYPE_CHECKING:
    from types import TracebackType

log = logging.getLogger("runner")

_SECONDS_BETWEEN_LINES = 10.0


class _ConsoleHandler(logging.Handler):
    """Prints above the live bar, so that messages and bar do not tear each other apart."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        if record.__dict__.get("only_file"):
            return
        self._console.print(self.format(record), markup=False, highlight=False, soft_wrap=True)


def say_on(console: Console) -> None:
    """Shows the messages of the runner on `console`."""
    log.setLevel(logging.INFO)
    log.propagate = False
    log.handlers[:] = [_ConsoleHandler(console)]


class _LogFile(logging.FileHandler):
    """A file that may fill its disk: what has to be written there fails too, and says so better."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def close(self) -> None:
        with suppress(OSError):
            super().close()


@contextmanager
def log_file(path: Path) -> Iterator[None]:
    """Everything said, with UTC times, appended to `path`.

    Raises:
        RunDirectoryError: If it cannot be opened.
    """
    try:
        handler = _LogFile(path, encoding="utf-8", errors="backslashreplace")  # of names that are not UTF-8
    except OSError as error:
        raise failure(path, "cannot be written", error) from error
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class EvaluationProgress:
    """What is being measured.

    Args:
        console: Where to draw; a line that changes if it is a terminal, else a new line every ten seconds.
    """

    def __init__(self, console: Console) -> None:
        self._status = console.status("") if console.is_terminal else None
        self._last_line = time.monotonic()

    def __enter__(self) -> EvaluationProgress:
        if self._status:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()

    def tell(self, what: str) -> None:
        """Shows what is measured from now on."""
        if self._status:
            self._status.update(f"measuring {what}")
        elif time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            log.info("measuring %s", what)


class TrainingProgress:
    """Step, losses, steps per second and remaining time.

    Args:
        console: Where to draw; a bar if it is a terminal, else a line every ten seconds.
        steps: Number of the last step.
        first: Steps done before.
    """

    def __init__(self, console: Console, steps: int, first: int = 0) -> None:
        self._steps, self._first = steps, first
        self._started = self._last_line = time.monotonic()
        self._bar: Progress | None = None
        if console.is_terminal:
            self._bar = Progress(
                TextColumn("training"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[losses]}"),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                console=console,
                transient=True,
            )
            self._task = self._bar.add_task("training", total=steps, completed=first, losses="", rate="")

    def __enter__(self) -> TrainingProgress:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def update(self, step: int, losses: Mapping[str, float]) -> None:
        """Tells of the block of steps that has just ended at `step`, with the losses of its last step."""
        now = time.monotonic()
        rate = (step - self._first) / max(now - self._started, 1e-9)
        text = "  ".join(f"{name} {value:.4g}" for name, value in losses.items())
        speed = f"{rate:.1f} steps/s"
        if self._bar:
            self._bar.update(self._task, completed=step, losses=text, rate=speed)
        if step >= self._steps or now - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = now
            remaining = _clock((self._steps - step) / rate)
            line = f"step {step}/{self._steps}  {text}  {speed}  {remaining} left"
            log.info(line, extra={"only_file": self._bar is not None})
