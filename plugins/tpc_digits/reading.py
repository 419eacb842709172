"""Files of responses, told apart by their content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

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
    content = _content(path)
    if content is None:
        from plugins.tpc_digits.hdf5_file import read_hdf5

        return read_hdf5(path, conditions)
    text = _text(path, content)
    first = text.lstrip().partition("\n")[0].strip()
    if not first:
        raise DataError(f"{path}: the file is empty")
    if "," in first:
        return read_csv(path, text, conditions)
    if first.startswith("params:") or _number(first.split()[0]):
        return read_dat(path, text, conditions)
    raise DataError(
        f"{path}: row 1: neither a CSV header (evtId,ipad,itime,amp) nor raw triplets (ipad itime amp) nor HDF5, "
        f"but {first[:60]!r}"
    )


def _content(path: Path) -> bytes | None:
    """All bytes of a text file; None for an HDF5 file, which may be too large for that."""
    try:
        if path.exists() and not path.is_file():
            raise DataError(f"{path}: is not a file")  # a pipe would be waited for
        with path.open("rb") as file:
            start = file.read(len(_HDF5))
            return None if start == _HDF5 else start + file.read()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except MemoryError as error:
        raise DataError(f"{path}: is too large for the memory of this machine; divide it") from error


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}: row {row}: byte {content[error.start]:#04x} is no text; is it another file?"
        ) from error


def _number(token: str) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return True
