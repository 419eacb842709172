"""Responses of a file that is too large for the memory, converted once and kept on disk.

The cache of a file is found by the digest of its content and of the parameters, so that it is never out of date. It is
HDF5 in chunks of whole responses, uncompressed, so that any of them can be read where it lies.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from plugins.tpc_digits.assembly import assemble
from plugins.tpc_digits.pieces import pieces
from plugins.tpc_digits.reading import opened
from runner.api import DataError, DataInfo, Sample, StoredArray

if TYPE_CHECKING:
    from plugins.tpc_digits import TpcDigitsParams

VERSION = 1
PIECE = 2**26  # bytes of the file that are converted at once
_CHUNK = 2**20  # bytes
_SPARE = 2**22  # bytes beside the arrays
_DENSE = 2**29  # bytes that the responses of a piece may take
_SHORTEST = 16  # bytes of text of a hit


def cached(params: TpcDigitsParams, info: DataInfo, piece: int = PIECE) -> Sample:
    """All events of a file, the same as in memory, with their responses on disk.

    Args:
        params: Of the data set.
        info: Its description.
        piece: Bytes of the file that are converted at once.

    Raises:
        DataError: As of the reader, where the hits of an event stand far apart, or the cache cannot be written.
    """
    folder = _folder()
    path = folder / f"{_key(params)}.h5"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(path):
            if not path.exists():
                _convert(path, params, info, piece)
        return _open(path, info)
    except (OSError, RuntimeError) as error:
        message = f"{folder}: {params.path.name} cannot be kept here: {getattr(error, 'strerror', None) or error}"
        raise DataError(f"{message}; make room there, or set RUNNER_CACHE to another folder") from error


def _folder() -> Path:
    if chosen := os.environ.get("RUNNER_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "runner"


def _key(params: TpcDigitsParams) -> str:
    with opened(params.path) as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    settings = params.model_dump(mode="json", exclude={"path", "largest_in_memory"})
    return hashlib.sha256(json.dumps([VERSION, content, settings]).encode()).hexdigest()[:32]


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Waits for other processes that convert the same file; the kernel's lock ends with its process."""
    with path.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _convert(path: Path, params: TpcDigitsParams, info: DataInfo, piece: int) -> None:
    temporary = path.with_name(f".tmp-{secrets.token_hex(4)}-{path.name}")
    try:
        # chunks begin where numbers can be mapped into memory
        with h5py.File(temporary, "w", alignment_threshold=1024, alignment_interval=4096) as file:
            _write(file, params, info, piece)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write(file: h5py.File, params: TpcDigitsParams, info: DataInfo, piece: int) -> None:
    shape = info.shape
    rows = max(1, _CHUNK // (4 * math.prod(shape)))
    responses = file.create_dataset("responses", (0, *shape), "float32", maxshape=(None, *shape), chunks=(rows, *shape))
    ids: list[NDArray[np.int64]] = []
    conditions: list[NDArray[np.float32]] = []
    notes: list[str] = []
    size = max(_SHORTEST, min(piece, _DENSE // (4 * math.prod(shape)) * _SHORTEST))
    for hits in pieces(params.path, [column.name for column in params.conditions], size):
        sample = assemble(hits, params, info)
        _reserve(file, sample.responses.nbytes)
        responses.resize(len(responses) + len(sample), axis=0)
        responses[-len(sample) :] = sample.responses
        ids.append(sample.event_ids)
        conditions.append(sample.conditions)
        notes += [f"{hits.place_of(0)} and after: {note}" for note in sample.notes]
    numbers, all_conditions = _numbers(params.path, np.concatenate(ids)), np.concatenate(conditions)
    _reserve(file, numbers.nbytes + all_conditions.nbytes)
    file["event_ids"] = numbers
    file["conditions"] = all_conditions
    file["notes"] = np.frombuffer(json.dumps(notes).encode(), np.uint8)


def _reserve(file: h5py.File, size: int) -> None:
    """Has the disk keep room for what comes next, because the HDF5 library does not survive a full one."""
    file.flush()
    with open(file.filename, "r+b") as written:
        os.posix_fallocate(written.fileno(), 0, file.id.get_filesize() + size + _SPARE)


def _numbers(path: Path, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    numbers, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        raise DataError(
            f"{path}: hits of event {numbers[counts > 1][0]} stand far apart in a file that is too large to be read at "
            "once; sort it by event, or raise largest_in_memory"
        )
    return ids


def _open(path: Path, info: DataInfo) -> Sample:
    """The events of a cache, by event number."""
    try:
        with h5py.File(path, "r") as file:
            ids, conditions = file["event_ids"][()], file["conditions"][()]
            notes = tuple(json.loads(file["notes"][()].tobytes()))
            starts = _starts(file["responses"], len(ids))
        values: Any = np.memmap(path, np.float32, "r", shape=(path.stat().st_size // 4,))
        order = np.argsort(ids)
        responses: Any = StoredArray(values, starts[order], info.shape)
        if starts.max() + math.prod(info.shape) > len(values):
            raise ValueError("it has been cut")
        return Sample(info, responses, conditions[order], ids[order], notes)
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        if isinstance(error, OSError) and error.errno:
            raise  # of the system, not of the file
        with suppress(OSError):
            path.unlink()
        raise DataError(f"{path}: this cache is damaged ({error}) and was removed; start again") from error


def _starts(responses: h5py.Dataset, events: int) -> NDArray[np.int64]:
    """Where in the file, counted in numbers of four bytes, each response begins."""
    rows, each = responses.chunks[0], math.prod(responses.shape[1:])
    chunks = np.zeros(-(-events // rows), np.int64)
    for number in range(responses.id.get_num_chunks()):
        chunk = responses.id.get_chunk_info(number)
        chunks[chunk.chunk_offset[0] // rows] = chunk.byte_offset // 4
    if not chunks.all():
        raise ValueError("a part is missing")
    event = np.arange(events)
    found: NDArray[np.int64] = chunks[event // rows] + event % rows * each
    return found
