"""Files of responses, told apart by their content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from plugins.tpc_digits.csv_file import read_csv
from plugins.tpc_digits.dat_file import read_dat
from plugins.tpc_digits.hits import Hits
from runner.api import DataError

_HDF5 = b"\x89HDF\r\n\x1a\n"  # how such a file begins


def read(path: Path, conditions: Sequence[str]) -> Hits:
    """All hits of a file.

    Args:
        path: CSV, raw ``.dat`` or HDF5, whatever it is called.
        conditions: Names of the columns beside the hits.

    Raises:
        DataError: Where the file cannot be read, or is none of them.
    """
    with opened(path) as file:
        if is_hdf5(file):
            from plugins.tpc_digits.hdf5_file import read_hdf5

            return read_hdf5(path, conditions)
        text = text_of(path, file.read())
    return (read_csv if is_csv(path, text) else read_dat)(path, text, conditions)


def is_hdf5(file: IO[bytes]) -> bool:
    """Whether a file is HDF5; it is at its beginning before and after."""
    start = file.read(len(_HDF5))
    file.seek(0)
    return start == _HDF5


def is_csv(path: Path, text: str) -> bool:
    """Whether a text, or its first line, is CSV; else it is a raw one.

    Raises:
        DataError: Where it is neither.
    """
    first = text.lstrip().partition("\n")[0].strip()
    if not first:
        raise DataError(f"{path}: the file is empty")
    if not ("," in first or first.startswith("params:") or _number(first.split()[0])):
        raise DataError(
            f"{path}: row 1: neither a CSV header (evtId,ipad,itime,amp) nor raw triplets (ipad itime amp) nor HDF5, "
            f"but {first[:60]!r}"
        )
    return "," in first


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A file, opened, and one error for all that can keep it from being read."""
    try:
        if path.exists() and not path.is_file():
            raise DataError(f"{path}: is not a file")  # a pipe would be waited for
        with path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except MemoryError as error:
        raise DataError(f"{path}: is too large for the memory of this machine; divide it") from error


def text_of(path: Path, content: bytes, first_row: int = 1) -> str:
    """The text in a part of a file that begins at a row.

    Raises:
        DataError: Where it is no UTF-8 text.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + first_row
        raise DataError(
            f"{path}: row {row}: byte {content[error.start]:#04x} is no text; is it another file?"
        ) from error


def _number(token: str) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return True
