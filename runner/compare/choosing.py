"""Which runs are compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runner.compare.grouping import ScoredRun
from runner.errors import ExperimentError, RunDirectoryError, RunnerError
from runner.run_directory import RunDirectory, folders_of, is_pattern, select


def choose(selectors: Sequence[str], root: Path) -> tuple[list[RunDirectory], list[str]]:
    """All runs that are meant, each once, and those of them that cannot take part.

    A selector that means several runs, as a name or a glob does, takes those that have scores and can be read. The
    others are told, for who compares only trainings that went well has to know how many did not.

    Args:
        selectors: See `select`.
        root: Folder that holds the runs.

    Raises:
        RunDirectoryError: If a selector means no run, or none with scores, or one that cannot be read.
        ExperimentError: For a filter that is not right, or an experiment that cannot be read.
    """
    chosen: list[RunDirectory] = []
    left_out: list[str] = []
    for selector in selectors:
        found = select(selector, root)
        scored = [run for run in found if run.scores.exists()]
        if not scored:
            newest = found[-1]
            raise RunDirectoryError(
                f"{selector}: no scores in {newest.path} (it is {newest.status}); runner resume or runner evaluate it"
            )
        left_out += [
            f"{run.record.name} {run.record.id} has no scores (it is {run.status}), and is left out"
            for run in found
            if run not in scored
        ]
        if is_pattern(selector, root) or folders_of(selector, root):
            scored, unreadable = _readable(scored)
            left_out += unreadable
        chosen += scored
    return list(dict.fromkeys(chosen)), list(dict.fromkeys(left_out))


def _readable(runs: Sequence[RunDirectory]) -> tuple[list[RunDirectory], list[str]]:
    """The runs that can be read, and what is wrong with the others; an error where all are broken."""
    found, problems = list[RunDirectory](), list[RunnerError]()
    for run in runs:
        try:
            ScoredRun.read(run)
        except (RunDirectoryError, ExperimentError) as error:
            problems.append(error)
        else:
            found.append(run)
    if not found:
        raise problems[-1]
    return found, [f"left out: {problem}" for problem in problems]
