"""Runs side by side: scores, differences, and what was done differently."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from runner import config
from runner.errors import ExperimentError, RunDirectoryError
from runner.run_directory import RunDirectory, ScoreFile, ScoreRow, read_scores

_NOT_COMPARED = ("name", "description")  # what a run is called is not what it did


class Cell(NamedTuple):
    """One score of one run; a tuple, because a thousand runs have a hundred thousand of them.

    Attributes:
        value: The score; NaN where it is undefined.
        error: Its standard error, or None.
        difference: To the first run's, or None for the first run and where either is missing.
        difference_error: Its standard error, the two taken as independent, or None.
        best: Whether no other run has a better value.
    """

    value: float
    error: float | None
    difference: float | None
    difference_error: float | None
    best: bool


@dataclass(frozen=True)
class ComparedScore:
    """One score of all runs.

    Attributes:
        metric: The metric.
        score: Its score.
        unit: Unit of the values.
        better: Direction: lower, higher, zero, one or none.
        headline: Whether it is the metric's main score.
        cells: One per run; None where the run was not scored with it.
    """

    metric: str
    score: str
    unit: str
    better: str
    headline: bool
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class ChangedParameter:
    """A key of the experiment that is not the same in all runs; None where a run has no such key."""

    key: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Comparison:
    """Result of `compare`.

    Attributes:
        labels: What each run is called: its experiment's name and its id.
        scores: One per metric and score, in the order of the first run.
        parameters: Only what differs.
        warnings: What limits the comparison.
    """

    labels: tuple[str, ...]
    scores: tuple[ComparedScore, ...]
    parameters: tuple[ChangedParameter, ...]
    warnings: tuple[str, ...]


def compare(runs: Sequence[RunDirectory], *, everything: bool = True, force: bool = False) -> Comparison:
    """Scores of runs side by side.

    Args:
        runs: The runs; differences are to the first.
        everything: Whether figures that are neither good nor bad are among the scores.
        force: Whether scores of different data or metric versions are set side by side with a warning.

    Raises:
        RunDirectoryError: If a run has no scores.
        ExperimentError: If the runs were scored on different data or with different versions of a metric.
    """
    labels = tuple(f"{record.name} {record.id}" for record in (run.record for run in runs))
    files = [_scores_of(run) for run in runs]
    obstacles = [*_data_differ(labels, files), *_versions_differ(labels, files)]
    if obstacles and not force:
        reasons = "\n".join(f"  {obstacle}" for obstacle in obstacles)
        raise ExperimentError(f"these scores cannot be compared:\n{reasons}\n  --force shows them all the same")
    shown = [[row for row in file.rows if everything or row.better != "none"] for file in files]
    tables = [{(row.metric, row.score): row for row in rows} for rows in shown]
    keys = list(dict.fromkeys(key for table in tables for key in table))
    return Comparison(
        labels=labels,
        scores=tuple(_compared([table.get(key) for table in tables]) for key in keys),
        parameters=tuple(_changed([_flat(config.values(run.resolved)) for run in runs])),
        warnings=(*obstacles, *_events_differ(labels, files)),
    )


def _scores_of(run: RunDirectory) -> ScoreFile:
    scores = read_scores(run)
    if scores is None:
        raise RunDirectoryError(f"{run.path}: no scores (it is {run.status}); runner evaluate {run.path}")
    return scores


def _data_differ(labels: Sequence[str], files: Sequence[ScoreFile]) -> Iterator[str]:
    for label, file in zip(labels[1:], files[1:], strict=True):
        if file.data_digest != files[0].data_digest:
            digests = f"{files[0].data_digest[:12]} and {file.data_digest[:12]}"
            yield f"{labels[0]} and {label} were scored on different test events (digests {digests})"


def _versions_differ(labels: Sequence[str], files: Sequence[ScoreFile]) -> Iterator[str]:
    first: dict[str, tuple[str, int]] = {}
    for label, file in zip(labels, files, strict=True):
        for metric, version in {row.metric: row.version for row in file.rows}.items():
            other, known = first.setdefault(metric, (label, version))
            if known != version:
                yield f"{metric} has version {known} in {other} and {version} in {label}"


def _events_differ(labels: Sequence[str], files: Sequence[ScoreFile]) -> Iterator[str]:
    events = [max((row.events for row in file.rows), default=0) for file in files]
    if len(set(events)) > 1:
        counts = ", ".join(f"{label} {count}" for label, count in zip(labels, events, strict=True))
        yield f"the numbers of generated events differ: {counts}"


def _compared(rows: Sequence[ScoreRow | None]) -> ComparedScore:
    """One row per run, at least one of them there."""
    first = next(row for row in rows if row is not None)
    distances = [None if row is None else row.shortfall for row in rows]
    best = min((distance for distance in distances if distance is not None), default=None)
    scored = sum(distance is not None for distance in distances) > 1
    cells = tuple(
        None if row is None else _cell(row, rows[0] if number else None, scored and distance == best)
        for number, (row, distance) in enumerate(zip(rows, distances, strict=True))
    )
    return ComparedScore(first.metric, first.score, first.unit, first.better, first.headline, cells)


def _cell(row: ScoreRow, first: ScoreRow | None, best: bool) -> Cell:
    if first is None:
        return Cell(row.value, row.error, None, None, best)
    known = row.error is not None and first.error is not None
    error = math.hypot(row.error or 0, first.error or 0) if known else None
    return Cell(row.value, row.error, row.value - first.value, error, best)


def _changed(trees: Sequence[Mapping[str, Any]]) -> Iterator[ChangedParameter]:
    for key in dict.fromkeys(key for tree in trees for key in tree):
        values = tuple(tree.get(key) for tree in trees)
        if any(value != values[0] for value in values):
            yield ChangedParameter(key, values)


def _flat(tree: Any, key: str = "") -> dict[str, Any]:
    """Leaves by dotted key; elements of lists by their name where they have one, by number otherwise."""
    if isinstance(tree, dict) and tree:
        entries = [(name, value) for name, value in tree.items() if key or name not in _NOT_COMPARED]
    elif isinstance(tree, list) and any(isinstance(value, (dict, list)) for value in tree):
        entries = [
            (value["name"] if isinstance(value, dict) and "name" in value else str(number), value)
            for number, value in enumerate(tree)
        ]
    else:
        return {key: tree}
    return {
        leaf: value
        for name, nested in entries
        for leaf, value in _flat(nested, f"{key}.{name}" if key else name).items()
    }
