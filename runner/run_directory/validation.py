"""``validation.json``: scores on validation events while a run is trained, checkpoint by checkpoint."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from runner.run_directory.directory import RunDirectory
from runner.run_directory.fields import Fields
from runner.run_directory.files import write_atomic
from runner.run_directory.scores import BETTER, shortfall

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True, kw_only=True)
class ValidationRow:
    """One score at one checkpoint.

    Attributes:
        step: Training step of the checkpoint.
        metric: The metric's name.
        score: The score's name within it.
        value: The score [unit]; NaN where it is undefined (null in the file).
        error: Its standard error [unit], or None.
        unit: Unit, "1" for pure numbers.
        better: "lower", "higher", "zero", "one" or "none".
        headline: Whether it is its metric's main score.
        floor: Mean of what real events score against the validation events, in as many, or None.
        floor_sd: Standard deviation of that, or None.
    """

    step: int
    metric: str
    score: str
    value: float
    error: float | None
    unit: str
    better: str
    headline: bool
    floor: float | None
    floor_sd: float | None

    @property
    def shortfall(self) -> float | None:
        """How far from ideal the score is, for ranking; None where it cannot be ranked."""
        return shortfall(self.value, self.better)


def add_validation(run: RunDirectory, rows: Sequence[ValidationRow]) -> None:
    """Appends the scores of one checkpoint; those of the same step and of later ones, from before a resumption, go.

    Raises:
        RunDirectoryError: If they cannot be read or written.
    """
    first = min(row.step for row in rows)
    kept = [row for row in read_validation(run) if row.step < first]
    tree = {"schema_version": SCHEMA_VERSION, "rows": [_finite(asdict(row)) for row in (*kept, *rows)]}
    write_atomic(run.validation, json.dumps(tree, indent=2, allow_nan=False) + "\n")


def read_validation(run: RunDirectory) -> tuple[ValidationRow, ...]:
    """All rows, in the order of steps; none where nothing was scored in training.

    Raises:
        RunDirectoryError: Naming file and key, where something is missing or of the wrong type.
    """
    if not run.validation.exists():
        return ()
    return tuple(_row(fields) for fields in Fields.read(run.validation, SCHEMA_VERSION).sections("rows"))


def _row(fields: Fields) -> ValidationRow:
    value = fields.optional(fields.number, "value")
    return ValidationRow(
        step=fields.integer("step"),
        metric=fields.text("metric"),
        score=fields.text("score"),
        value=math.nan if value is None else value,
        error=fields.optional(fields.number, "error"),
        unit=fields.text("unit"),
        better=fields.choice("better", BETTER),
        headline=fields.flag("headline"),
        floor=fields.optional(fields.number, "floor"),
        floor_sd=fields.optional(fields.number, "floor_sd"),
    )


def _finite(row: dict[str, object]) -> dict[str, object]:
    """JSON has neither NaN nor infinities; what is not finite is undefined here."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()
    }
