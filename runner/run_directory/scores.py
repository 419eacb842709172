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

SCHEMA_VERSION = "1.1"

_SHORTFALLS: Mapping[str, Callable[[float], float]] = {
    "lower": lambda value: value,
    "higher": lambda value: -value,
    "zero": abs,
    "one": lambda value: abs(value - 1),
}

BETTER = ("lower", "higher", "zero", "one", "none")
"""In which direction a score is better; see `ScoreRow`."""


def shortfall(value: float, better: str) -> float | None:
    """How far from ideal a score is, for ranking; None where it cannot be ranked."""
    return None if better == "none" or math.isnan(value) else _SHORTFALLS[better](value)


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
        floor: What real responses score against real ones, in as many events, in the mean [unit]; None: not measured.
        floor_sd: How far single scores of that kind scatter [unit], or None.
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
    floor: float | None = None
    floor_sd: float | None = None

    @property
    def excess(self) -> float | None:
        """How far off the floor the score is [unit], or None where either is unknown."""
        return None if self.floor is None or math.isnan(self.value) else self.value - self.floor

    @property
    def z(self) -> float | None:
        """The excess in standard deviations of the floor, or None; infinite where the floor does not scatter."""
        if self.excess is None or self.floor_sd is None:
            return None
        if self.floor_sd == 0:
            return math.copysign(math.inf, self.excess) if self.excess else 0.0
        return self.excess / self.floor_sd

    @property
    def shortfall(self) -> float | None:
        """How far from ideal the score is, for ranking; None where it cannot be ranked."""
        return shortfall(self.value, self.better)


_FLOOR = ("floor", "floor_sd")
_NAMES = tuple(field.name for field in fields(ScoreRow))
_VALUES = itemgetter(*_NAMES)
_TYPES = {
    (str, str, float, error, str, str, str, int, int, int, bool, *floor)
    for error in (float, type(None))
    for floor in ((float, float), (type(None), type(None)))
}


@dataclass(frozen=True, kw_only=True)
class ReferenceScores:
    """Main scores of something that stands in for a model and is none.

    Attributes:
        name: The reference's name, e.g. "shuffled_conditions".
        rows: Its scores, in as many events as the model's.
    """

    name: str
    rows: tuple[ScoreRow, ...]


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """The smallest fault of one kind that a metric's main score sees, by making real events faulty.

    Attributes:
        metric: The metric's name.
        score: Its main score.
        fault: What was done to the events, e.g. "amplitude_scale".
        smallest: Size of the fault at which the score is 3 standard deviations off the floor, a fraction of 1; None
            where the largest one tried is not seen.
        largest: The largest size tried.
    """

    metric: str
    score: str
    fault: str
    smallest: float | None
    largest: float


@dataclass(frozen=True, kw_only=True)
class ScoreFile:
    """All scores of a run.

    Attributes:
        data_digest: SHA-256 of the real events they were measured with.
        rows: The scores, in the order they are shown.
        notes: What a reader has to know, metric by metric.
        halvings: How often the test events were cut in two for the floor; 0 where there is none.
        references: Scores of what stands in for a model.
        sensitivity: What the metrics are able to see.
        schema_version: Version of the format; a later major version cannot be read.
    """

    data_digest: str
    rows: tuple[ScoreRow, ...]
    notes: tuple[str, ...] = ()
    halvings: int = 0
    references: tuple[ReferenceScores, ...] = ()
    sensitivity: tuple[Sensitivity, ...] = ()
    schema_version: str = SCHEMA_VERSION

    def to_json(self) -> str:
        """The text of ``scores.json``."""
        tree = {
            "schema_version": self.schema_version,
            "data_digest": self.data_digest,
            "notes": self.notes,
            "halvings": self.halvings,
            "rows": [_tree(row) for row in self.rows],
            "references": [
                {"name": found.name, "rows": [_tree(row) for row in found.rows]} for found in self.references
            ],
            "sensitivity": [asdict(found) for found in self.sensitivity],
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
        **_new_in_1_1(content),
        schema_version=content.text("schema_version"),
    )


def _new_in_1_1(content: Fields) -> dict[str, Any]:
    if "halvings" not in content.tree:
        return {}
    return {
        "halvings": content.integer("halvings"),
        "references": tuple(
            ReferenceScores(name=found.text("name"), rows=_rows(found)) for found in content.sections("references")
        ),
        "sensitivity": tuple(
            Sensitivity(
                metric=found.text("metric"),
                score=found.text("score"),
                fault=found.text("fault"),
                smallest=found.optional(found.number, "smallest"),
                largest=found.number("largest"),
            )
            for found in content.sections("sensitivity")
        ),
    }


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
        **{name: fields.optional(fields.number, name) for name in _FLOOR if name in fields.tree},  # new in 1.1
    )


def _tree(row: ScoreRow) -> dict[str, Any]:
    return asdict(row) | {
        name: None if (value := getattr(row, name)) is None else _to_json(value) for name in ("value", "error", *_FLOOR)
    }


def _to_json(number: float) -> float | str | None:
    """JSON has neither NaN nor infinities: null stands for the one, text for the others."""
    if math.isnan(number):
        return None
    return number if math.isfinite(number) else ("Infinity" if number > 0 else "-Infinity")
