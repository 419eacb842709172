"""What can happen to the disk under a run; each is an action in the process that runs, and has its undoing."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@contextmanager
def own_disk(folder: Path) -> Iterator[bool]:
    """A disk of its own for a folder, or False where none can be mounted."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", folder],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", folder], check=True)


@dataclass(frozen=True)
class Fill:
    """Fills the disk of a folder to the last byte."""

    folder: Path

    def __call__(self) -> None:
        with (self.folder / "ballast").open("wb", buffering=0) as file:
            size = 1 << 20
            while size:
                try:
                    file.write(bytes(size))
                except OSError:
                    size //= 2

    def undo(self) -> None:
        (self.folder / "ballast").unlink()


@dataclass(frozen=True)
class Limit:
    """Lets no file grow beyond 8 kB, as a disk that is full would; what is printed still fits."""

    folder: Path

    def __call__(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    def undo(self) -> None:
        """It has gone with its process."""


@dataclass(frozen=True)
class Protect:
    """Takes the permission to write in the run's folders, from root too."""

    runs: Path

    def __call__(self) -> None:
        _obey_permissions()
        for folder in self._folders():
            folder.chmod(0o500)

    def undo(self) -> None:
        for folder in self._folders():
            folder.chmod(0o700)

    def _folders(self) -> list[Path]:
        return [path for path in (*self.runs.glob("*/*"), *self.runs.glob("*/*/**/*")) if path.is_dir()]


def _obey_permissions() -> None:
    """Gives up the capabilities with which root may write anywhere."""

    class Header(ctypes.Structure):
        _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]

    class Sets(ctypes.Structure):
        _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]

    libc, header, sets = ctypes.CDLL(None, use_errno=True), Header(0x20080522, 0), (Sets * 2)()
    libc.capget(ctypes.byref(header), sets)
    sets[0].effective &= ~0b1111  # CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER
    if libc.capset(ctypes.byref(header), sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")


@dataclass(frozen=True)
class Remove:
    """Deletes the run."""

    runs: Path

    def __call__(self) -> None:
        os.chdir("/")
        for folder in self.runs.glob("*/*"):
            shutil.rmtree(folder)
