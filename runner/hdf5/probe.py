"""Reads HDF5 files that may hang or crash the library, in a process that may be lost; run as a script.

Paths come from standard input, each ended by a NUL. For each one a line is printed, in JSON: why the file is refused,
or "", and how many bytes its datasets have in memory. A process that ends early was ended by the first file it printed
nothing for.
"""

from __future__ import annotations

import json
import math
import os
import resource
import signal
import sys

import h5py

SECONDS = 20.0  # for reading one attribute or one part of a dataset; the library never stops for some damaged files
ALL_SECONDS = 600  # of computing, also where whoever started the process is gone
MOST_MEMORY = 2**33  # bytes that can be asked for, and that only a broken file asks for at once
MOST_USED = 2**31  # bytes that reading may take
MOST_OBJECTS = 100_000  # and attributes
MOST_ATTRIBUTE = 2**24  # bytes
MOST_CLAIMED = 2**37  # bytes in all datasets together
MOST_CHUNKS = 2**20  # of one dataset; the library notes each one of those it reads
MOST_AT_ONCE = 2**30  # bytes of the chunks that one event lies in
DENSEST = 1032  # the largest factor by which deflate makes data smaller
PART = 2**24  # bytes


class RefusedError(Exception):
    """Why a file is refused."""


class Probe:
    """One reading of a whole file.

    Args:
        path: The file.
        seconds: How long one step of it may take.
    """

    def __init__(self, path: str, seconds: float) -> None:
        self._path, self._seconds = path, seconds
        self._size = os.path.getsize(path)
        self._used_before = _used()
        self._objects = self._stored = 0
        self.claimed = 0

    def read(self) -> None:
        """Reads every attribute and dataset.

        Raises:
            RefusedError: If the file is too large for itself, or not all of it lies in it.
            Exception: Whatever the library finds wrong.
        """
        self._step()
        with h5py.File(self._path, "r") as file:
            if elsewhere := file.id.links.visit(_elsewhere, info=True):
                raise RefusedError(f"{_shown(elsewhere)} is a link to elsewhere, and links are not followed")
            self._object("/", file)
            file.visititems(self._object)

    def _object(self, name: str, item: h5py.HLObject) -> None:
        if h5py.h5o.get_info(item.id).rc > 1:
            raise RefusedError(f"{_shown(name)} stands in it twice")  # its size would count once, but be read twice
        for attribute in item.attrs:
            self._step()
            self._attribute(item, attribute)
        if isinstance(item, h5py.Dataset):
            self._dataset(name, item)

    def _attribute(self, item: h5py.HLObject, name: str) -> None:
        header = item.attrs.get_id(name)
        size = math.prod(header.shape or ()) * header.dtype.itemsize
        if size > MOST_ATTRIBUTE:
            raise RefusedError(f"the attribute {_shown(name)} claims {size} bytes; at most {MOST_ATTRIBUTE} are read")
        item.attrs[name]

    def _dataset(self, name: str, data: h5py.Dataset) -> None:
        if data.is_virtual or data.external:  # before its shape, for which the library may open the other file
            raise RefusedError(f"{_shown(name)} lies in another file, which is not opened")
        if data.shape is None:
            return
        self._check_size(name, data)
        if data.chunks is None and data.dtype.kind in "biuf":
            return  # bytes in one piece, which cannot do harm
        rows = rows_at_once(data)
        for first in range(0, data.shape[0] if data.shape else 1, rows):
            self._step()
            data[first : first + rows] if data.shape else data[()]

    def _check_size(self, name: str, data: h5py.Dataset) -> None:
        """Nothing is read for a header that claims more than there can be."""
        chunks = data.chunks or data.shape
        # chunks may reach beyond the array, but are read as a whole
        sizes = [max(sizes) for sizes in zip(data.shape, chunks, strict=True)]
        claimed, stored = math.prod(sizes) * data.dtype.itemsize, data.id.get_storage_size()
        self.claimed += claimed
        self._stored += stored
        if self._stored > self._size or claimed > DENSEST * stored or self.claimed > MOST_CLAIMED:
            raise RefusedError(f"{_shown(name)} claims {claimed} bytes, which are not in a file of {self._size} bytes")
        pieces = math.prod(-(-size // chunk) for size, chunk in zip(data.shape, chunks, strict=True) if chunk)
        at_once = math.prod([*chunks[:1], *sizes[1:]]) * data.dtype.itemsize
        if data.chunks and (pieces > MOST_CHUNKS or at_once > MOST_AT_ONCE):
            raise RefusedError(f"{_shown(name)} is cut into chunks of {data.chunks}; store some whole rows in each")

    def _step(self) -> None:
        """Before each thing that is read."""
        signal.setitimer(signal.ITIMER_REAL, self._seconds)
        self._objects += 1
        if self._objects > MOST_OBJECTS:
            raise RefusedError(f"has more than {MOST_OBJECTS} parts")
        if _used() - self._used_before > MOST_USED:
            raise RefusedError(f"takes more than {MOST_USED} bytes of memory to read")


def _elsewhere(name: bytes, info: h5py.h5l.LinkInfo) -> bytes | None:
    return None if info.type == h5py.h5l.TYPE_HARD else name  # h5py does not let an exception through here


def rows_at_once(data: h5py.Dataset) -> int:
    """How many rows of a dataset are read together, so that no chunk is read twice."""
    per_row: int = math.prod(data.shape[1:]) * data.dtype.itemsize
    step: int = data.chunks[0] if data.chunks else 1
    return max(step, PART // max(per_row, 1) // step * step)


def _used() -> int:
    """The most memory this process has had [bytes]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _shown(name: str | bytes) -> str:
    text = name.decode(errors="replace") if isinstance(name, bytes) else name
    return ascii(text[:60])


def judged(path: str, seconds: float) -> tuple[str, int]:
    """Why a file is refused, or "", and the bytes of its datasets."""
    try:
        probe = Probe(path, seconds)
        probe.read()
    except Exception as error:  # whatever it is, whoever reads the file next would meet it
        return str(error) or type(error).__name__, 0
    return "", probe.claimed


def main() -> None:
    """Reads the files; the first argument is the time for one step [s]."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (ALL_SECONDS, ALL_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, even inside the library
    for path in sys.stdin.buffer.read().split(b"\0")[:-1]:
        print(json.dumps(judged(os.fsdecode(path), float(sys.argv[1]))), flush=True)


if __name__ == "__main__":
    main()
