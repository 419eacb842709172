"""``scores.json``: every score of a run, with what is needed to compare it with another run's."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from operator import itemgetter
from typing import Any

from runner.run_directory.directory import RunDirectory
from runner.run_directory.fields import Fields
from runner.run_directory.files import write_atomic

SCHEMA_VERSION = "1.0"

_SHORTFALLS: Mapping[str, Callable[[float], float]] = {
    "lower": lambda value: value,
    "higher": lambda value: -value,
    "zero": abs,
    "one": lambda value: abs(value - 1),
}

BETTER = ("lower", "higher", "zero", "one", "none")
"""In which direction a score is better; see `ScoreRow`."""


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """One score.

    Attributes:
        metric: The metric's name.
        score: The score's name within it.
        value: The score [unit]; NaN where it is undefined (null in the file).
        error: Its standard error [unit], or None where none is known.
        unit: Unit, "1" for pure numbers.
        better: "lower", "higher", "zero", "one" or "none".
        split: Part of the data it was measured on.
        step: Training step of the networks.
        events: Number of generated events.
        version: Version of the metric; scores of two versions are not compared.
        headline: Whether it is its metric's main score.
    """

    metric: str
    score: str
    value: float
    error: float | None
    unit: str
    better: str
    split: str
    step: int
    events: int
    version: int
    headline: bool

    @property
    def shortfall(self) -> float | None:
        """How far from ideal the score is, for ranking; None where it cannot be ranked."""
        if self.better == "none" or math.isnan(self.value):
            return None
        return _SHORTFALLS[self.better](self.value)


_NAMES = tuple(field.name for field in fields(ScoreRow))
_VALUES = itemgetter(*_NAMES)
_TYPES = {(str, str, float, error, str, str, str, int, int, int, bool) for error in (float, type(None))}


@dataclass(frozen=True, kw_only=True)
class ScoreFile:
    """All scores of a run.

    Attributes:
        data_digest: SHA-256 of the real events they were measured with.
        rows: The scores, in the order they are shown.
        notes: What a reader has to know, metric by metric.
        schema_version: Version of the format; a later major version cannot be read.
    """

    data_digest: str
    rows: tuple[ScoreRow, ...]
    notes: tuple[str, ...] = ()
    schema_version: str = SCHEMA_VERSION

    def to_json(self) -> str:
        """The text of ``scores.json``."""
        rows = [
            {**asdict(row), "value": _to_json(row.value), "error": None if row.error is None else _to_json(row.error)}
            for row in self.rows
        ]
        tree = {
            "schema_version": self.schema_version,
            "data_digest": self.data_digest,
            "notes": self.notes,
            "rows": rows,
        }
        return json.dumps(tree, indent=2, allow_nan=False) + "\n"


def write_scores(run: RunDirectory, scores: ScoreFile) -> None:
    """Replaces the scores of a run.

    Raises:
        RunDirectoryError: If they cannot be written.
    """
    write_atomic(run.scores, scores.to_json())


def read_scores(run: RunDirectory) -> ScoreFile | None:
    """The scores of a run, or None where it has none yet.

    Raises:
        RunDirectoryError: Naming file and key, where something is missing or of the wrong type.
    """
    if not run.scores.exists():
        return None
    content = Fields.read(run.scores, SCHEMA_VERSION)
    return ScoreFile(
        data_digest=content.text("data_digest"),
        rows=_rows(content),
        notes=content.texts("notes"),
        schema_version=content.text("schema_version"),
    )


def read_headline(run: RunDirectory) -> ScoreRow | None:
    """The first main score of a run, or None where there is none; the other rows are not looked at.

    Raises:
        RunDirectoryError: As of `read_scores`.
    """
    if not run.scores.exists():
        return None
    content = Fields.read(run.scores, SCHEMA_VERSION)
    rows = content.tree.get("rows")
    if not isinstance(rows, list) or not all(isinstance(entry, dict) for entry in rows):
        content.sections("rows")  # says what is wrong
    found = (Fields(run.scores, entry, f"rows.{number}") for number, entry in enumerate(rows or ()))
    return next((_row(row) for row in found if row.flag("headline")), None)


def _rows(content: Fields) -> tuple[ScoreRow, ...]:
    """All rows: of the types they are written with, which is seen at a glance, or one field after the other."""
    rows = content.tree.get("rows")
    if isinstance(rows, list):
        with suppress(KeyError, TypeError, UnicodeEncodeError):
            return tuple(map(_usual_row, rows))
    return tuple(_row(row) for row in content.sections("rows"))


def _usual_row(entry: Mapping[str, Any]) -> ScoreRow:
    """A row of the usual types; a TypeError, KeyError or UnicodeEncodeError where it is none."""
    values = _VALUES(entry)
    if tuple(map(type, values)) not in _TYPES or entry["better"] not in BETTER:
        raise TypeError
    "".join((entry["metric"], entry["score"], entry["unit"], entry["split"])).encode()  # no halves of surrogate pairs
    row = object.__new__(ScoreRow)  # setting the fields of a frozen object one by one takes most of the time
    row.__dict__.update(zip(_NAMES, values, strict=True))
    return row


def _row(fields: Fields) -> ScoreRow:
    value = fields.optional(fields.number, "value")
    return ScoreRow(
        metric=fields.text("metric"),
        score=fields.text("score"),
        value=math.nan if value is None else value,
        error=fields.optional(fields.number, "error"),
        unit=fields.text("unit"),
        better=fields.choice("better", BETTER),
        split=fields.text("split"),
        step=fields.integer("step"),
        events=fields.integer("events"),
        version=fields.integer("version"),
        headline=fields.flag("headline"),
    )


def _to_json(number: float) -> float | str | None:
    """JSON has neither NaN nor infinities: null stands for the one, text for the others."""
    if math.isnan(number):
        return None
    return number if math.isfinite(number) else ("Infinity" if number > 0 else "-Infinity")
