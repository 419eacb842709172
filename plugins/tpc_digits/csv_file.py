"""CSV: a header, then one hit per row."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from plugins.tpc_digits.hits import NUMBER, Hits, Values
from runner.api import DataError

HIT_COLUMNS = ("evtId", "ipad", "itime", "amp")


def read_csv(path: Path, text: str, conditions: Sequence[str]) -> Hits:
    """All hits of a CSV file.

    Raises:
        DataError: Where columns are missing or too many, or a field is no number.
    """
    header, _, body = text.partition("\n")
    names = [name.strip() for name in header.split(",")]
    _check_header(path, names, conditions)
    if not body.strip():
        raise DataError(f"{path}: the file has a header but no hits")
    table = _numbers(path, body, names)
    column = {name: table[:, number] for number, name in enumerate(names)}
    return Hits(
        path,
        *(column[name] for name in HIT_COLUMNS),
        conditions=table[:, [names.index(name) for name in conditions]],
        names=tuple(conditions),
        row_of=lambda hit: _rows(body)[hit],
    )


def _check_header(path: Path, names: Sequence[str], conditions: Sequence[str]) -> None:
    expected = [*HIT_COLUMNS, *conditions]
    missing = [name for name in expected if name not in names]
    extra = [name for name in names if name not in expected]
    twice = sorted({name for name in names if names.count(name) > 1})
    complaints = [
        f"{what} {', '.join(found)}"
        for what, found in (
            ("misses the column", missing),
            ("has the extra column", extra),
            ("has twice the column", twice),
        )
        if found
    ]
    if complaints:
        hint = "; list every column beside the hits under 'conditions', those you do not need with use: false"
        raise DataError(f"{path}: row 1: the header {' and '.join(complaints)}{hint}")


def _numbers(path: Path, body: str, names: Sequence[str]) -> Values:
    """(hits, columns)."""
    try:
        table = np.loadtxt(io.StringIO(body), delimiter=",", comments=None, ndmin=2)
    except ValueError:
        raise _first_mistake(path, body, names) from None
    if table.shape[1] != len(names):
        raise _first_mistake(path, body, names)
    return table


def _rows(body: str) -> list[int]:
    """Line numbers of the hits; only asked for where something is wrong."""
    return [number for number, line in enumerate(body.split("\n"), start=2) if line.strip()]


def _first_mistake(path: Path, body: str, names: Sequence[str]) -> DataError:
    """The first row that is not a number in each column; a loop, because the file is refused anyway."""
    for number, line in enumerate(body.split("\n"), start=2):
        if not line.rstrip("\r"):
            continue
        fields = [field.strip() for field in line.split(",")]
        event = fields[names.index("evtId") if len(fields) == len(names) else 0]
        where = f"{path}: row {number}, event {event or '?'}"
        if len(fields) != len(names):
            return DataError(f"{where}: {len(fields)} columns, but the header has {len(names)}: {', '.join(names)}")
        for name, field in zip(names, fields, strict=True):
            if not NUMBER.fullmatch(field):
                return DataError(f"{where}: {name} is {field[:40]!r}, not a number")
    return DataError(f"{path}: the rows cannot be read as numbers")
