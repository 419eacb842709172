"""Runs of one experiment with several seeds, each in a process of its own, whose settings TensorFlow takes once."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from runner import provenance
from runner.errors import InterruptedRunError, RunDirectoryError
from runner.run_directory import RunDirectory, select

log = logging.getLogger("runner")

_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)

_STOPPED = 130
"""Exit code of a process that was stopped at once."""


@dataclass(frozen=True)
class Ended:
    """How the run of one seed ended.

    Attributes:
        seed: The seed.
        code: Exit code of its process; None where it was not begun, because all were asked to stop.
        directory: Its folder, or None where none was made.
    """

    seed: int
    code: int | None
    directory: RunDirectory | None


def run_seeds(
    seeds: Sequence[int], arguments: Sequence[str], name: str, root: Path, *, jobs: int = 1
) -> tuple[Ended, ...]:
    """Runs an experiment once for each seed; one that fails does not keep the others from running.

    Signals that ask to stop are passed on to all runs, and no further one is begun.

    Args:
        seeds: The seeds.
        arguments: Of ``runner run``, without the seed.
        name: The experiment's name.
        root: Folder that holds the runs.
        jobs: How many run at a time. If more than one, each line they say is preceded by the seed.
    """
    processes = _Processes()
    with processes.signals_passed_on(), ThreadPoolExecutor(jobs) as pool:
        command = [sys.executable, "-m", "runner", "run", *arguments]
        futures = [
            pool.submit(processes.run, seed, [*command, "--set", f"seed={seed}", "--set", "seeds=null"], jobs > 1)
            for seed in seeds
        ]
        wait(futures)
    ended = [future.result() for future in futures]
    return tuple(
        Ended(seed, code, None if pid is None else _folder(name, root, pid))
        for seed, (code, pid) in zip(seeds, ended, strict=True)
    )


def exit_code(ended: Sequence[Ended]) -> int:
    """Of the whole: that of an interruption if there was one, else that of the first failure, else 0."""
    codes = [one.code for one in ended]
    if _STOPPED in codes or -signal.SIGINT in codes:
        return _STOPPED
    if {None, InterruptedRunError.exit_code, -signal.SIGTERM, -signal.SIGUSR1} & set(codes):
        return InterruptedRunError.exit_code
    failure = next((code for code in codes if code), 0)
    return failure if failure >= 0 else 128 - failure  # killed by a signal, as a shell says it


class _Processes:
    """Processes that are under way, and whether they have been asked to stop."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._asked: signal.Signals | None = None

    def run(self, seed: int, command: Sequence[str], told_apart: bool) -> tuple[int | None, int | None]:
        """Exit code and number of a process, once it has ended; None for both if it was not begun."""
        if self._asked:
            return None, None
        log.info("seed %d", seed)
        # a group of its own: a Ctrl-C reaches it once, through us
        process = subprocess.Popen(  # noqa: S603  (our own command)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if told_apart else None,
            text=True,
            errors="replace",
            process_group=0,
        )
        self._running.add(process)
        if self._asked:  # in the meantime
            process.send_signal(self._asked)
        if process.stderr:
            with process.stderr:
                for line in process.stderr:
                    log.info("seed %d: %s", seed, line.rstrip("\n"))
        code = process.wait()
        self._running.discard(process)
        return code, process.pid

    @contextmanager
    def signals_passed_on(self) -> Iterator[None]:
        """While it lasts, a signal that asks to stop is passed on."""

        def pass_on(number: int, _frame: FrameType | None) -> None:
            self._asked = signal.Signals(number)
            for process in tuple(self._running):
                process.send_signal(number)

        # only the main thread may set handlers, and only there is a command run
        main = threading.current_thread() is threading.main_thread()
        previous = {number: signal.signal(number, pass_on) for number in _FORWARDED} if main else {}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


def _folder(name: str, root: Path, pid: int) -> RunDirectory | None:
    """The newest run of an experiment that a process of this machine made."""
    try:
        runs = select(name, root)
    except RunDirectoryError:
        return None
    return next((run for run in reversed(runs) if _made_by(run, pid)), None)


def _made_by(run: RunDirectory, pid: int) -> bool:
    record = run.record
    return record.pid == pid and record.host == provenance.host()
