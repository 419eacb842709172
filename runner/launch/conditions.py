"""Conditions of responses that are generated on request, part by part. NumPy only."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runner import seeds
from runner.api import DataInfo, Sample
from runner.errors import DataError, ExperimentError, Problem

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Setting:
    """A condition that is the same in every event, or uniform in a range.

    Attributes:
        name: The condition.
        low: Smallest value [its unit].
        high: Largest value [its unit]; equal to `low` for a fixed one.
    """

    name: str
    low: float
    high: float

    @classmethod
    def parse(cls, text: str) -> Setting:
        """From ``crossing_angle=5`` or ``crossing_angle=0:15``.

        Raises:
            ExperimentError: If it is neither.
        """
        name, _, values = text.partition("=")
        low, colon, high = values.partition(":")
        try:
            setting = cls(name.strip(), float(low), float(high if colon else low))
        except ValueError:
            setting = cls("", 0, 0)
        largest = float(np.finfo(np.float32).max)
        if not setting.name or not -largest <= setting.low <= setting.high <= largest:
            where = f"--set-condition {text}"
            suggestion = "for example crossing_angle=5, or crossing_angle=0:15 for a uniform range"
            raise ExperimentError([Problem(where, "", "expected a name and a value or a range", suggestion)])
        return setting


def check_settings(settings: Sequence[Setting], info: DataInfo) -> None:
    """Whether each names a condition of the run, and none two.

    Raises:
        ExperimentError: With all mistakes at once.
    """
    known = [condition.name for condition in info.conditions]
    names = [setting.name for setting in settings]
    wrong = [Problem("--set-condition", name, "the run has no such condition") for name in names if name not in known]
    wrong += [Problem("--set-condition", name, "is set twice") for name in known if names.count(name) > 1]
    if wrong:
        suggestion = f"its conditions: {', '.join(known) or 'none'}"
        raise ExperimentError([*wrong[:-1], Problem("--set-condition", wrong[-1].key, wrong[-1].message, suggestion)])


def drawn(real: Sample, settings: Sequence[Setting], events: int, seed: int, size: int) -> Iterator[Values]:
    """Conditions of real events drawn with repetition, those that are set replaced.

    Args:
        real: Real events, e.g. the test events of a run.
        settings: Conditions that are set.
        events: How many.
        seed: Seed; a part depends on no other.
        size: Events per part.

    Yields:
        (size, conditions) in their units; the last part may be shorter.
    """
    names = [condition.name for condition in real.info.conditions]
    for number, start in enumerate(range(0, events, size)):
        rng = seeds.generator(seed, "conditions", number)
        part = real.conditions[rng.integers(len(real), size=size)].copy()
        for setting in settings:
            part[:, names.index(setting.name)] = rng.uniform(setting.low, setting.high, size)
        yield part[: events - start]


def count_rows(path: Path, info: DataInfo) -> int:
    """Rows of a CSV file below its header.

    Args:
        path: The file.
        info: The conditions it has to name.

    Raises:
        DataError: If it cannot be read, or its header does not name each condition once.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = (line for line in file if line.strip())
            _columns(path, next(lines, ""), info)
            return sum(1 for _ in lines)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def from_csv(path: Path, info: DataInfo, events: int, size: int) -> Iterator[Values]:
    """Conditions of the first events of a CSV file, whose header names each condition once; other columns are not used.

    Args:
        path: The file.
        info: Names of the conditions.
        events: How many; the file has at least as many rows.
        size: Events per part.

    Yields:
        (size, conditions) in their units; the last part may be shorter.

    Raises:
        DataError: With the row, where a condition is missing or no finite number.
    """
    with path.open(encoding="utf-8-sig") as file:
        lines = ((number, line) for number, line in enumerate(file, start=1) if line.strip())
        columns = _columns(path, next(lines, (1, ""))[1], info)
        for start in range(0, events, size):
            yield _numbers(path, list(itertools.islice(lines, min(size, events - start))), columns)


def _columns(path: Path, header: str, info: DataInfo) -> list[int]:
    """Where each condition stands."""
    found = [name.strip() for name in header.split(",")]
    names = [condition.name for condition in info.conditions]
    if not names:
        raise DataError(f"{path}: the run has no conditions, so there is nothing to read from a table")
    if missing := [name for name in names if found.count(name) != 1]:
        raise DataError(f"{path}: row 1: the header must name {', '.join(missing)} once, it has {', '.join(found)}")
    return [found.index(name) for name in names]


def _numbers(path: Path, rows: Sequence[tuple[int, str]], columns: Sequence[int]) -> Values:
    values = _loaded([line for _, line in rows], columns)
    if values is not None:
        return values
    wrong = next(number for number, line in rows if _loaded([line], columns) is None)
    raise DataError(f"{path}: row {wrong}: a condition is missing or no finite number")


def _loaded(lines: Sequence[str], columns: Sequence[int]) -> Values | None:
    """Finite numbers in some columns, or None where there are others."""
    try:
        values = np.loadtxt(lines, delimiter=",", usecols=columns, ndmin=2, dtype=np.float64, comments=None)
    except (ValueError, IndexError):
        return None
    fits = len(values) == len(lines) and (np.abs(values) <= np.finfo(np.float32).max).all()
    return values.astype(np.float32) if fits else None


@dataclass
class RangeCheck:
    """Counts events at conditions that lie outside the range a run declares.

    Attributes:
        info: The conditions and their ranges.
    """

    info: DataInfo

    def __post_init__(self) -> None:
        self._outside = np.zeros(len(self.info.conditions), np.int64)
        self._events = 0

    def watch(self, parts: Iterator[Values]) -> Iterator[Values]:
        """The parts, counted as they pass."""
        low, high = self.info.condition_ranges
        for part in parts:
            self._outside += ((part < low) | (part > high)).sum(axis=0)
            self._events += len(part)
            yield part

    def notes(self) -> Iterator[str]:
        """A note for each condition that was outside its range."""
        for condition, count in zip(self.info.conditions, self._outside, strict=True):
            if count:
                yield (
                    f"{count:,} of {self._events:,} events have {condition.name} outside {condition.low:g} to "
                    f"{condition.high:g} {condition.unit}, where the networks were trained"
                )
