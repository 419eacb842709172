"""Something happens to a process at one of its own file operations."""

from __future__ import annotations

import itertools
import os
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

Due = Callable[[str, str], bool]


@dataclass(frozen=True)
class Send:
    """Signals, to the process itself."""

    number: int
    times: int = 1

    def __call__(self) -> None:
        for _ in range(self.times):
            os.kill(os.getpid(), self.number)


@dataclass(frozen=True)
class At:
    """An action at a file operation; to be called in the process that it is to happen to.

    Attributes:
        operation: Pattern of "write" (half of it is done, and begun anew after), "fsync", "replace", "replaced"
            (after it) and "unlink".
        file: Pattern of the file's final name.
        number: Which of these operations, from 1.
        action: What happens.
    """

    operation: str = "*"
    file: str = "*"
    number: int = 1
    action: Callable[[], object] = Send(signal.SIGKILL)

    def __call__(self) -> None:
        numbers = itertools.count(1)

        def due(operation: str, path: str) -> bool:
            name = re.sub(r"^\.tmp-[0-9a-f]{8}-", "", os.path.basename(path))
            if not fnmatch(operation, self.operation) or not fnmatch(name, self.file) or next(numbers) != self.number:
                return False
            os.write(2, f"({operation} of {name})\n".encode())
            return True

        self._watch_writing(due)
        self._watch_naming(due)

    def _watch_writing(self, due: Due) -> None:
        write_bytes, fsync = Path.write_bytes, os.fsync

        def write(path: Path, data: bytes) -> int:
            if due("write", path.name):
                write_bytes(path, data[: len(data) // 2])
                self.action()
            return write_bytes(path, data)

        def sync(descriptor: int) -> None:
            if due("fsync", os.readlink(f"/proc/self/fd/{descriptor}")):
                self.action()
            fsync(descriptor)

        Path.write_bytes, os.fsync = write, sync  # type: ignore[method-assign, assignment]

    def _watch_naming(self, due: Due) -> None:
        replace, unlink = Path.replace, Path.unlink

        def rename(path: Path, target: Path) -> Path:
            if due("replace", target.name):
                self.action()
            renamed = replace(path, target)
            if due("replaced", target.name):
                self.action()
            return renamed

        def remove(path: Path, *arguments: Any, **options: Any) -> None:
            if not path.name.startswith(".tmp-") and due("unlink", path.name):
                self.action()
            unlink(path, *arguments, **options)

        Path.replace, Path.unlink = rename, remove  # type: ignore[method-assign, assignment]


@dataclass(frozen=True)
class AtStep:
    """An action after a training step; to be called in the process that it is to happen to."""

    step: int
    action: Callable[[], object]

    def __call__(self) -> None:
        from runner.report.progress import TrainingProgress

        update = TrainingProgress.update

        def watched(progress: TrainingProgress, step: int, losses: Any) -> None:
            update(progress, step, losses)
            if step == self.step:
                self.action()

        TrainingProgress.update = watched  # type: ignore[method-assign]
