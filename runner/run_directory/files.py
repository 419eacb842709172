"""Files that are complete under their name or not there at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from runner import hdf5
from runner.errors import RunDirectoryError

if TYPE_CHECKING:
    import h5py

TEMPORARY = ".tmp-"
"""How the names of files being written begin; a killed process leaves such a file behind."""

_ADVICE = {
    errno.ENOENT: "its folder is not there any more",
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room in your quota",
    errno.EACCES: "check the permissions of the folder",
    errno.EPERM: "check the permissions of the folder",
    errno.EROFS: "choose a folder that can be written to",
}


def failure(path: Path, what: str, error: OSError) -> RunDirectoryError:
    """The error that says which file, why, and what to do."""
    text = f"{path}: {what}: {error.strerror or error}"
    advice = _ADVICE.get(error.errno or 0)
    return RunDirectoryError(f"{text}; {advice}" if advice else text)


@contextmanager
def replace_atomic(path: Path) -> Iterator[Path]:
    """Yields a temporary path in the same folder, which takes the place of `path` if all goes well.

    The folder is made if it is not there, but not the one above it: a run folder that was removed stays so. The
    temporary name keeps the suffix, because some libraries tell the format by it. After any error, an interrupt
    included, `path` is what it was and the temporary file is gone.

    Raises:
        RunDirectoryError: If the file cannot be written, naming it and the reason.
    """
    temporary = path.with_name(f"{TEMPORARY}{secrets.token_hex(4)}-{path.name}")
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(exist_ok=True)
            sync(path.parent.parent)
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    except OSError as error:
        raise failure(path, "cannot be written", error) from error
    finally:
        with suppress(OSError):  # the error on its way says more than that nothing could be removed
            temporary.unlink(missing_ok=True)


@contextmanager
def replace_output(path: Path) -> Iterator[Path]:
    """Like `replace_atomic`, for a file that a user names.

    What a symbolic link leads to is replaced, not the link. A pipe or a device is no file to be replaced: it is
    written to as it is.

    Raises:
        RunDirectoryError: If it cannot be written.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        mode = 0  # not there yet, or writing says why it cannot be looked at
    if mode and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        try:
            yield path
        except OSError as error:
            raise failure(path, "cannot be written", error) from error
        return
    with replace_atomic(Path(os.path.realpath(path)) if path.is_symlink() else path) as temporary:
        yield temporary


def make_folder(path: Path) -> None:
    """A folder and all above it, on disk when this returns.

    Raises:
        RunDirectoryError: If one cannot be made.
    """
    try:
        new = [folder for folder in (path, *path.parents) if not folder.is_dir()]
        path.mkdir(parents=True, exist_ok=True)
        for folder in new:
            sync(folder.parent)
    except OSError as error:
        raise failure(path, "cannot be made", error) from error


def write_atomic(path: Path, content: str | bytes) -> None:
    """Writes a whole file; a reader sees the old content or the new, never a part.

    Raises:
        RunDirectoryError: If it cannot be written.
    """
    with replace_atomic(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def write_hdf5(path: Path) -> Iterator[h5py.File]:
    """Yields an HDF5 file that is built in memory and written atomically in the end.

    In memory, because the HDF5 library does not survive a full disk: closing a file it could not write raises
    anything from RuntimeError to a segmentation fault.

    Raises:
        RunDirectoryError: If it cannot be written.
    """
    import h5py

    with h5py.File(path, "w", driver="core", backing_store=False) as file:
        yield file
        file.flush()
        image = file.id.get_file_image()
    write_atomic(path, image)
    hdf5.vouch(path)


def sync(path: Path) -> None:
    """Has the disk hold what was written: a file's content, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
