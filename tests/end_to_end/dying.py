"""A process that is killed at one of its own file operations."""

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


@dataclass(frozen=True)
class Death:
    """SIGKILL at a file operation; to be called in the process that is to die.

    Attributes:
        operation: Pattern of "write" (half of it is done), "fsync", "replace", "replaced" (after it) and "unlink".
        file: Pattern of the file's final name.
        number: Which of these operations, from 1.
    """

    operation: str = "*"
    file: str = "*"
    number: int = 1

    def __call__(self) -> None:
        numbers = itertools.count(1)

        def due(operation: str, path: Path) -> bool:
            name = re.sub(r"^\.tmp-[0-9a-f]{8}-", "", path.name)
            if not fnmatch(operation, self.operation) or not fnmatch(name, self.file) or next(numbers) != self.number:
                return False
            os.write(2, f"killed at {operation} of {name}\n".encode())
            return True

        _patch_writing(due)
        _patch_naming(due)


Due = Callable[[str, Path], bool]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _patch_writing(due: Due) -> None:
    write_bytes, fsync = Path.write_bytes, os.fsync

    def write(self: Path, data: bytes) -> int:
        if due("write", self):
            write_bytes(self, data[: len(data) // 2])
            _die()
        return write_bytes(self, data)

    def sync(descriptor: int) -> None:
        if due("fsync", Path(os.readlink(f"/proc/self/fd/{descriptor}"))):
            _die()
        fsync(descriptor)

    Path.write_bytes, os.fsync = write, sync  # type: ignore[method-assign, assignment]


def _patch_naming(due: Due) -> None:
    replace, unlink = Path.replace, Path.unlink

    def rename(self: Path, target: Path) -> Path:
        if due("replace", target):
            _die()
        renamed = replace(self, target)
        if due("replaced", target):
            _die()
        return renamed

    def remove(self: Path, *arguments: Any, **options: Any) -> None:
        if not self.name.startswith(".tmp-") and due("unlink", self):
            _die()
        unlink(self, *arguments, **options)

    Path.replace, Path.unlink = rename, remove  # type: ignore[method-assign, assignment]
