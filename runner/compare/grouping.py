"""Runs that differ in the seed alone are one group: several answers to one question."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner import config
from runner.compare.result import Group
from runner.errors import RunDirectoryError
from runner.run_directory import RunDirectory, RunRecord, ScoreFile, read_scores

NAMES = frozenset(("name", "description"))
"""Keys of an experiment that say what a run is called, not what it did."""

_SAME_GROUP = NAMES | {"seed"}


@dataclass(frozen=True)
class ScoredRun:
    """What is compared of a run, read once."""

    directory: RunDirectory
    record: RunRecord
    scores: ScoreFile
    parameters: Mapping[str, Any]

    @classmethod
    def read(cls, run: RunDirectory) -> ScoredRun:
        """A run from its folder.

        Raises:
            RunDirectoryError: If it has no scores, or a file cannot be read.
            ExperimentError: If its experiment cannot be read.
        """
        scores = read_scores(run)
        if scores is None:
            raise RunDirectoryError(f"{run.path}: no scores (it is {run.status}); runner evaluate {run.path}")
        return cls(run, run.record, scores, config.flat(config.values(run.resolved)))

    @property
    def label(self) -> str:
        """Name and id."""
        return f"{self.record.name} {self.record.id}"


Runs = tuple[ScoredRun, ...]


def grouped(runs: Sequence[ScoredRun], *, each: bool = False) -> tuple[list[Runs], list[str]]:
    """The groups in the order of their first runs, each sorted by seed, and what was left out.

    Of runs with the same seed in a group the one that was made last counts: repeating a run says nothing new.

    Args:
        runs: The runs.
        each: Whether every run is a group of its own.
    """
    groups: dict[str, dict[int, ScoredRun]] = {}
    left_out = []
    for number, run in enumerate(runs):
        group = groups.setdefault(str(number) if each else _experiment(run), {})
        other = group.get(run.record.seed)
        if other is None:
            group[run.record.seed] = run
            continue
        older, newer = sorted((run, other), key=lambda one: one.record.created)
        group[run.record.seed] = newer
        left_out.append(
            f"{older.label} is left out: {newer.label} is the same experiment with the same seed "
            f"{run.record.seed}, and newer (--each compares them)"
        )
    return [tuple(group[seed] for seed in sorted(group)) for group in groups.values()], left_out


def described(groups: Sequence[Runs]) -> tuple[Group, ...]:
    """What each group is called and made of."""
    uses = Counter(runs[0].record.name for runs in groups)
    return tuple(
        Group(
            label=first.record.name if uses[first.record.name] == 1 else first.label,
            name=first.record.name,
            ids=tuple(run.record.id for run in runs),
            paths=tuple(run.directory.path for run in runs),
            seeds=tuple(run.record.seed for run in runs),
        )
        for runs in groups
        for first in runs[:1]
    )


def _experiment(run: ScoredRun) -> str:
    return json.dumps({key: value for key, value in run.parameters.items() if key not in _SAME_GROUP}, sort_keys=True)
