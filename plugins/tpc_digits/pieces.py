"""Files that are too large for the memory, read piece by piece; no event is cut in two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from plugins.tpc_digits.csv_file import read_csv
from plugins.tpc_digits.dat_file import MARK, read_dat
from plugins.tpc_digits.hits import Hits
from plugins.tpc_digits.reading import is_csv, is_hdf5, opened, text_of


def pieces(path: Path, conditions: Sequence[str], size: int) -> Iterator[Hits]:
    """All hits of a file, in its order.

    Args:
        path: CSV, raw ``.dat`` or HDF5.
        conditions: Names of the columns beside the hits.
        size: Bytes in a piece; an event that is longer is read as a whole.

    Raises:
        DataError: As of `read`.
    """
    with opened(path) as file:
        if is_hdf5(file):
            from plugins.tpc_digits.hdf5_file import hdf5_pieces

            yield from hdf5_pieces(path, conditions, size)
            return
        first = file.readline()
        if is_csv(path, text_of(path, first)):
            yield from _csv_pieces(path, file, text_of(path, first), conditions, size)
        else:
            file.seek(0)
            for text, row in _cut(path, file, 1, size, lambda block: _last_raw_event(block, bool(conditions))):
                if text.strip():
                    yield read_dat(path, text, conditions, row)


def _csv_pieces(path: Path, file: IO[bytes], header: str, conditions: Sequence[str], size: int) -> Iterator[Hits]:
    names = [name.strip() for name in header.split(",")]
    column = names.index("evtId") if "evtId" in names else 0  # without it the first piece is refused
    found = False
    for text, row in _cut(path, file, 2, size, lambda block: _last_event(block, column)):
        if text.strip() or not found:
            yield read_csv(path, header.rstrip("\r\n") + "\n" + text, conditions, row)
            found = True


def _cut(path: Path, file: IO[bytes], row: int, size: int, last: Callable[[bytes], int]) -> Iterator[tuple[str, int]]:
    """The rest of a file in texts of whole events, and the row that each begins at.

    Args:
        path: The file, for messages.
        file: The file, open.
        row: The row that it stands at.
        size: Bytes that are read at once.
        last: Where in a block its last event, which may go on, begins; 0 where it has no other.
    """
    block, more = b"", True
    while more:
        read = file.read(size)
        more = len(read) == size
        block += read
        end = last(block) if more else len(block)
        if end or not more:
            yield text_of(path, block[:end], row), row
            row += block.count(b"\n", 0, end)
            block = block[end:]


def _last_event(block: bytes, column: int) -> int:
    """Where the rows of the last event begin, whose number stands in a column."""
    number, end = None, block.rfind(b"\n") + 1  # the row that is cut off belongs to it or comes after it
    while end:
        begin = block.rfind(b"\n", 0, end - 1) + 1
        found = block[begin:end].split(b",", column + 1)[column : column + 1]
        if number is not None and found != number:
            return end
        number, end = found, begin
    return 0


def _last_raw_event(block: bytes, has_params: bool) -> int:
    if has_params:
        return block.rfind(b"\n", 0, max(block.rfind(MARK.encode()), 0)) + 1
    return block.rfind(b"\n") + 1
