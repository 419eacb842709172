"""Raw ``.dat``: a line of triplets per event, after a line of parameters where there are any."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plugins.tpc_digits.hits import NUMBER, Hits
from plugins.tpc_digits.writing import SampleHits, check_axes, write_text
from runner.api import DataError, DataInfo, Sample

MARK = "params:"
_TOKEN = re.compile(r"[^ \t\r\n\v\f]+")  # split() would also split at blanks beyond ASCII, unlike `_lines`


def read_dat(path: Path, text: str, conditions: Sequence[str], first_row: int = 1) -> Hits:
    """All hits of a raw file; events are numbered from 0.

    Args:
        path: The file.
        text: Its lines, of whole events.
        conditions: Names of the parameters of each event.
        first_row: Where in the file the first line stands.

    Raises:
        DataError: Where a line is not what its place asks for, or a token is no number.
    """
    text = text.rstrip()
    counts, marked = _lines(text)
    _check_lines(path, counts, marked, conditions, first_row)
    if text.count(MARK) != marked.sum():  # one stands within a line
        raise _first_mistake(path, text, conditions, first_row)
    tokens = _TOKEN.findall(text.replace(MARK, " "))
    try:
        numbers = np.loadtxt(tokens, delimiter="\t", comments=None, ndmin=1)
    except ValueError:
        raise _first_mistake(path, text, conditions, first_row) from None
    of_params = np.repeat(marked, counts)
    hits = numbers[~of_params].reshape(-1, 3)  # (hits, pad and time and amplitude)
    hit_lines = np.flatnonzero(~marked)
    event = np.repeat(np.arange(len(hit_lines)), counts[~marked] // 3)
    values = numbers[of_params].reshape(len(hit_lines), len(conditions))
    return Hits(
        path,
        event + float(_events_before(first_row, conditions)),
        *hits.T,
        conditions=values[event],
        names=tuple(conditions),
        place_of=lambda hit: f"row {hit_lines[event[hit]] + first_row}",
    )


def _events_before(row: int, conditions: Sequence[str]) -> int:
    return (row - 1) // 2 if conditions else row - 1


def _lines(text: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Numbers on each line, and whether it is one of parameters, without a loop over the lines."""
    letters = np.frombuffer(text.encode("latin-1", "replace"), np.uint8)
    blank = np.isin(letters, np.frombuffer(b" \t\r\n\v\f", np.uint8))
    starts = ~blank & np.concatenate([[True], blank[:-1]])
    line = np.concatenate([[0], np.cumsum(letters == ord("\n"))[:-1]])
    lines = int(line[-1]) + 1
    counts = np.bincount(line[starts], minlength=lines)
    first = np.flatnonzero(starts)
    heads = first[np.unique(line[first], return_index=True)[1]]  # where the first token of each line begins
    marked = np.zeros(lines, bool)
    pattern = np.frombuffer(MARK.encode(), np.uint8)
    padded = np.concatenate([letters, np.zeros(len(pattern), np.uint8)])
    marked[line[heads]] = (padded[heads[:, None] + np.arange(len(pattern))] == pattern).all(axis=1)
    # the mark is a token of its own where a blank follows it
    alone = np.isin(padded[heads + len(pattern)], np.frombuffer(b" \t\r\n\0", np.uint8))
    own = np.zeros(lines, bool)
    own[line[heads]] = alone
    return counts - (marked & own), marked


def _check_lines(
    path: Path, counts: NDArray[np.int64], marked: NDArray[np.bool_], conditions: Sequence[str], first_row: int
) -> None:
    """Every line is what its place asks for."""
    has_params = bool(conditions)
    place = np.arange(len(counts))
    asked = place % 2 == 0 if has_params else np.zeros(len(counts), bool)
    event = (place // 2 if has_params else place) + _events_before(first_row, conditions)

    def refuse(wrong: NDArray[np.bool_], message: str) -> None:
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise DataError(f"{path}: row {row + first_row}, event {event[row]}: {message.format(count=counts[row])}")

    names = ", ".join(conditions)
    if has_params:
        refuse(asked & ~marked, f"expected a line 'params: <{names}>', found something else")
        refuse(~asked & marked, "a second 'params:' line, where the hits should be")
        refuse(
            asked & (counts != len(conditions)),
            f"{{count}} parameters, but {len(conditions)} conditions are declared: {names}",
        )
        if len(counts) % 2:
            where = f"{path}: row {len(counts) + first_row - 1}, event {event[-1]}"
            raise DataError(f"{where}: the file ends after a 'params:' line, without its hits")
    else:
        refuse(marked, "a 'params:' line, but no conditions are declared; list them under 'conditions'")
    hits = ~asked
    refuse(hits & (counts == 0), "an empty line, where the hits should be")
    refuse(hits & (counts % 3 != 0), "{count} numbers, which are no triplets of pad, time bin and amplitude")


def _first_mistake(path: Path, text: str, conditions: Sequence[str], first_row: int) -> DataError:
    """The first token that is no number; a loop, because the file is refused anyway."""
    event = _events_before(first_row, conditions) - 1
    for number, line in enumerate(text.split("\n"), start=first_row):
        params = line.strip().startswith(MARK)
        event += not params
        for token in _TOKEN.findall(line.replace(MARK, " ", int(params))):
            if not NUMBER.fullmatch(token):
                return DataError(f"{path}: row {number}, event {event + params}: {token[:40]!r} is not a number")
    return DataError(f"{path}: the lines cannot be read as numbers")


def write_dat(path: Path, info: DataInfo, events: int, samples: Iterable[Sample]) -> tuple[str, ...]:
    """Writes a line of triplets per event, numbers with 9 digits, which float32 survives.

    Raises:
        DataError: Where the axes are not what such a file can have.
        OSError: Where the file cannot be written.
    """
    check_axes(info)
    notes = write_text(path, "", events, samples, _dat_lines)
    return (*notes, "the file holds no event numbers: whoever reads it counts its events from 0")


def _dat_lines(hits: SampleHits) -> str:
    before = np.full(len(hits.event), "", object)
    after = np.full(len(hits.event), " ", object)
    if hits.sample.info.conditions:
        params = np.array([f"{MARK}{conditions}\n" for conditions in hits.conditions(" ")], object)
        first = np.flatnonzero(np.diff(hits.event, prepend=-1))
        before[first] = params[hits.event[first]]
    after[np.flatnonzero(np.diff(hits.event, append=-1))] = "\n"
    return hits.text(before, " ", after)
