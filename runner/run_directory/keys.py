"""What runs are filtered and sorted by: a value of the experiment, of the record, or a score."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from runner import config
from runner.errors import ExperimentError
from runner.run_directory.directory import RunDirectory, status_of
from runner.run_directory.scores import ScoreRow, read_scores

_OF_RECORD = ("id", "name", "seed", "status", "created", "steps")


class Described:
    """A run's values by key, each file read when it is first asked for.

    Keys are those of the record (id, name, seed, status, created, steps), dotted keys of the resolved experiment
    (``networks.generator.name``), and scores (``METRIC/SCORE``).
    """

    def __init__(self, run: RunDirectory) -> None:
        self.run = run

    def get(self, key: str) -> Any:
        """The value, or None where there is none.

        Raises:
            RunDirectoryError: If a file of the run cannot be read.
            ExperimentError: If its experiment cannot be read.
        """
        return self._values(key).get(key)

    def has(self, key: str) -> bool:
        """Whether there is such a key, be its value null."""
        return key in self._values(key)

    def rank(self, key: str) -> tuple[bool, bool, float, str]:
        """Place in an order by that key: scores best first, numbers and texts ascending, what is missing last."""
        value: Any = self._ranks.get(key) if "/" in key else self.get(key)
        if isinstance(value, (int, float)):
            return (False, False, value, "")
        return (value is None, True, 0, str(value))

    def known(self) -> list[str]:
        """All keys."""
        return [*self._record, *self._experiment, *self._scores]

    def _values(self, key: str) -> Mapping[str, Any]:
        if "/" in key:
            return self._scores
        return self._record if key in _OF_RECORD else self._experiment

    @cached_property
    def _record(self) -> dict[str, Any]:
        record = self.run.record
        return {key: getattr(record, key) for key in _OF_RECORD} | {"status": status_of(record)}

    @cached_property
    def _experiment(self) -> dict[str, Any]:
        return config.flat(config.values(self.run.resolved))

    @cached_property
    def _scores(self) -> dict[str, float]:
        found = read_scores(self.run)
        return {f"{row.metric}/{row.score}": row.value for row in found.rows} if found else {}

    @cached_property
    def _ranks(self) -> dict[str, float | None]:
        found = read_scores(self.run)
        return {f"{row.metric}/{row.score}": _rank(row) for row in found.rows} if found else {}


def _rank(row: ScoreRow) -> float | None:
    if row.shortfall is not None:
        return row.shortfall
    return None if math.isnan(row.value) else row.value


def check_key(key: str, runs: Sequence[Described]) -> None:
    """Refuses a key that no run has.

    Raises:
        ExperimentError: With the nearest keys there are.
    """
    if not runs or any(run.has(key) for run in runs):
        return
    known = dict.fromkeys(name for run in runs[:100] for name in run.known())
    near = difflib.get_close_matches(key, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "runner compare RUN --all shows the keys of a run"
    raise ExperimentError(f"{key}: no run has this key; {hint}")
