"""CSV: a header, then one hit per row."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from plugins.tpc_digits.hits import LIST_ALL, NUMBER, Hits, Values, complaints, shown
from plugins.tpc_digits.writing import SampleHits, check_axes, write_text
from runner.api import DataError, DataInfo, Sample

HIT_COLUMNS = ("evtId", "ipad", "itime", "amp")


def read_csv(path: Path, text: str, conditions: Sequence[str], first_row: int = 2) -> Hits:
    """All hits of a CSV file.

    Args:
        path: The file.
        text: A header and rows.
        conditions: Names of the columns beside the hits.
        first_row: Where in the file the first of the rows stands.

    Raises:
        DataError: Where columns are missing or too many, or a field is no number.
    """
    header, _, body = text.partition("\n")
    names = [name.strip() for name in header.split(",")]
    if wrong := complaints(names, [*HIT_COLUMNS, *conditions], "column"):
        raise DataError(f"{path}: row 1: the header {wrong}; {LIST_ALL}")
    if not body.strip():
        raise DataError(f"{path}: the file has a header but no hits")
    table = _numbers(path, body, names, first_row)
    column = {name: table[:, number] for number, name in enumerate(names)}
    return Hits(
        path,
        *(column[name] for name in HIT_COLUMNS),
        conditions=table[:, [names.index(name) for name in conditions]],
        names=tuple(conditions),
        place_of=lambda hit: f"row {_rows(body, first_row)[hit]}",
    )


def _numbers(path: Path, body: str, names: Sequence[str], first_row: int) -> Values:
    """(hits, columns)."""
    try:
        table = np.loadtxt(io.StringIO(body), delimiter=",", comments=None, ndmin=2)
    except ValueError:
        raise _first_mistake(path, body, names, first_row) from None
    if table.shape[1] != len(names):
        raise _first_mistake(path, body, names, first_row)
    return table


def _rows(body: str, first_row: int) -> list[int]:
    """Line numbers of the hits; only asked for where something is wrong."""
    return [number for number, line in enumerate(body.split("\n"), start=first_row) if line.strip()]


def _first_mistake(path: Path, body: str, names: Sequence[str], first_row: int) -> DataError:
    """The first row that is not a number in each column; a loop, because the file is refused anyway."""
    for number, line in enumerate(body.split("\n"), start=first_row):
        if not line.rstrip("\r"):
            continue
        fields = [field.strip() for field in line.split(",")]
        event = fields[names.index("evtId") if len(fields) == len(names) else 0]
        where = f"{path}: row {number}, event {shown(event) or '?'}"
        if len(fields) != len(names):
            return DataError(f"{where}: {len(fields)} columns, but the header has {len(names)}: {', '.join(names)}")
        for name, field in zip(names, fields, strict=True):
            if not NUMBER.fullmatch(field):
                return DataError(f"{where}: {name} is {field[:40]!r}, not a number")
    return DataError(f"{path}: the rows cannot be read as numbers")


def write_csv(path: Path, info: DataInfo, events: int, samples: Iterable[Sample]) -> tuple[str, ...]:
    """Writes a header and one row per hit, numbers with 9 digits, which float32 survives.

    Raises:
        DataError: Where axes or names of conditions are not what such a file can have.
        OSError: Where the file cannot be written.
    """
    check_axes(info)
    names = [condition.name for condition in info.conditions]
    for name in names:
        if name in HIT_COLUMNS or name != name.strip() or set(name) & set(',"\r\n'):
            raise DataError(f"the condition {name!r} cannot be a column of a CSV file; choose another format")
    return write_text(path, ",".join([*HIT_COLUMNS, *names]) + "\n", events, samples, _csv_rows)


def _csv_rows(hits: SampleHits) -> str:
    before = np.array([f"{number}," for number in hits.sample.event_ids], object)
    after = np.array([f"{conditions}\n" for conditions in hits.conditions(",")], object)
    return hits.text(before[hits.event], ",", after[hits.event])
