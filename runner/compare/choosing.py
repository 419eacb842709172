"""Which runs are compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runner.errors import RunDirectoryError
from runner.run_directory import RunDirectory, select


def choose(selectors: Sequence[str], root: Path) -> tuple[list[RunDirectory], list[str]]:
    """All runs that are meant, each once, and those of them that cannot take part.

    A selector that means several runs, as a name or a glob does, takes those that have scores. The others are told, for
    who compares only trainings that went well has to know how many did not.

    Args:
        selectors: See `select`.
        root: Folder that holds the runs.

    Raises:
        RunDirectoryError: If a selector means no run, or none with scores.
        ExperimentError: For a filter that is not right.
    """
    chosen: list[RunDirectory] = []
    left_out: list[str] = []
    for selector in selectors:
        found = select(selector, root)
        unscored = [run for run in found if not run.scores.exists()]
        if len(unscored) == len(found):
            newest = found[-1]
            raise RunDirectoryError(
                f"{selector}: no scores in {newest.path} (it is {newest.status}); runner resume or runner evaluate it"
            )
        chosen += [run for run in found if run.scores.exists()]
        left_out += [f"{run.path} has no scores (it is {run.status}), and is left out" for run in unscored]
    return list(dict.fromkeys(chosen)), list(dict.fromkeys(left_out))
