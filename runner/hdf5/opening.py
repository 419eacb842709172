"""An HDF5 file, opened where that does no harm, and one error for all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import RunnerError
from runner.hdf5.trust import judge

if TYPE_CHECKING:
    import h5py

MOST_BYTES = 16 * 2**30
_LONGEST = 300  # characters


class Hdf5Error(ValueError):
    """What is wrong with an HDF5 file, without its path."""


@contextmanager
def open_hdf5(path: Path, *, most_bytes: int | None = MOST_BYTES) -> Iterator[h5py.File]:
    """Opens a file for reading that may come from anywhere.

    Refused are files on which the HDF5 library crashes or never stops, links (soft, to other files, or a second one to
    the same place), datasets that lie in other files, attributes of more than 16 MiB, and headers that claim more than
    a file of that size can hold.

    Args:
        path: The file.
        most_bytes: How much memory its datasets may claim together; None where they are read in parts.

    Raises:
        FileNotFoundError: If it is not there.
        Hdf5Error: If it is refused, and for whatever a file may make fail inside: OSError, ValueError, KeyError and
            the like. The runner's own errors pass.
    """
    import h5py

    try:
        _check(path, most_bytes)
        with h5py.File(path, "r") as file:
            yield file
    except (RunnerError, Hdf5Error, FileNotFoundError):
        raise
    except (OSError, LookupError, ValueError, TypeError, RuntimeError, ArithmeticError, MemoryError) as error:
        raise Hdf5Error(_line(str(error) or type(error).__name__)) from error


def _check(path: Path, most_bytes: int | None) -> None:
    import h5py

    if path.exists() and not path.is_file():
        raise Hdf5Error("is not a file")
    if path.exists() and not h5py.is_hdf5(path):
        raise Hdf5Error("is no HDF5 file")
    verdict = judge([path]).get(path)
    if verdict and verdict.complaint:
        raise Hdf5Error(_line(verdict.complaint))
    if verdict and most_bytes is not None and verdict.claimed > most_bytes:
        raise Hdf5Error(f"claims {verdict.claimed / 2**30:.0f} GiB; at most {most_bytes / 2**30:.0f} GiB are read")


def texts(owner: h5py.HLObject, name: str) -> tuple[str, ...]:
    """A list of texts in an attribute.

    Raises:
        KeyError: If it is not there.
        ValueError: If one is no UTF-8 text.
    """
    found = tuple(str(text) for text in owner.attrs[name])
    for text in found:
        text.encode()
    return found


def _line(text: str) -> str:
    """A message that may quote the file, on one line that can be printed."""
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return printable if len(printable) <= _LONGEST else f"{printable[:_LONGEST]}..."
