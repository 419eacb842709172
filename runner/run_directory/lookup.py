"""Runs by path, id, name, glob or filter."""

from __future__ import annotations

import difflib
import logging
import os
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from runner.errors import RunDirectoryError
from runner.run_directory.directory import RunDirectory, is_run
from runner.run_directory.files import failure
from runner.run_directory.filtering import filtered, is_filter

log = logging.getLogger("runner")

_GLOB = set("*?[")
_FOLDER = re.compile(r"\d{8}T\d{6}Z-([0-9a-f]{6})")


def all_runs(root: Path) -> list[RunDirectory]:
    """Runs below `root`, newest first; one that cannot be read is left out with a warning in the log.

    Raises:
        RunDirectoryError: If `root` cannot be listed.
    """
    return _newest_first(_folders(root))


def find(selector: str, root: Path) -> RunDirectory:
    """The run that is meant.

    Args:
        selector: ``@last``; else, in this order, a path (also one below `root`), the name of a run's folder, an
            experiment's name (its newest run), the beginning of an id that no other run's id shares.
        root: Folder that holds the runs.

    Raises:
        RunDirectoryError: If no run or more than one is meant, with what there is.
    """
    for path in (Path(selector), root / selector):
        if selector and is_run(path):
            return RunDirectory.open(path)
    if os.sep in selector:
        return RunDirectory.open(Path(selector))
    folders = _folders(root)
    if not folders:
        raise RunDirectoryError(
            f"{selector}: no run, as there is none in {root}; start one with 'runner run', or say with --runs where"
        )
    if selector == "@last":
        return _newest(folders, root)
    named = [path for path in folders if path.name == selector]
    of_experiment = [path for path in folders if path.parent.name == selector]
    if of_experiment and not named:
        return _newest(of_experiment, root / selector)
    matching = named or [path for path in folders if selector and _id(path).startswith(selector.lower())]
    if len(matching) > 1:
        several = "\n".join(f"  {path}" for path in sorted(matching))
        raise RunDirectoryError(f"{selector}: more than one run is called that; give one of these paths\n{several}")
    if not matching:
        raise RunDirectoryError(_nothing(selector, folders, root))
    return RunDirectory.open(matching[0])


def select(selector: str, root: Path) -> list[RunDirectory]:
    """All runs that are meant, oldest first.

    Args:
        selector: A filter (see `filtered`), a glob of names, an experiment's name (all its runs), or whatever
            `find` knows.
        root: Folder that holds the runs.

    Raises:
        RunDirectoryError: If none is meant, with what there is.
        ExperimentError: For a filter that is not right.
    """
    if is_run(Path(selector)) or is_run(root / selector):
        return [find(selector, root)]
    if is_filter(selector):
        found = filtered(selector, all_runs(root))
    elif _GLOB & set(selector):
        found = [run for run in all_runs(root) if fnmatchcase(run.path.parent.name, selector)]
    else:
        found = _newest_first(folders_of(selector, root)) or [find(selector, root)]
    if not found:
        raise RunDirectoryError(f"{selector}: no run in {root} is like that; 'runner runs' lists what there is")
    return [RunDirectory(run.path.absolute()) for run in reversed(found)]  # one run is one path, however it was named


def is_pattern(selector: str, root: Path) -> bool:
    """Whether a selector is a filter or a glob, which mean as many runs as there are."""
    if is_run(Path(selector)) or is_run(root / selector):
        return False
    return is_filter(selector) or bool(_GLOB & set(selector))


def folders_of(name: str, root: Path) -> list[Path]:
    """Run folders of an experiment's name, readable or not."""
    return [path for path in _folders(root) if path.parent.name == name]


def _folders(root: Path) -> list[Path]:
    """Run folders, readable or not; one without ``run.json`` is being made or was never finished."""
    found = []
    for parent in _subfolders(root):
        try:
            found += [path for path in _subfolders(parent) if _FOLDER.fullmatch(path.name) and is_run(path)]
        except RunDirectoryError as error:
            log.warning("left out: %s", error)
    return found


def _subfolders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [folder / entry.name for entry in entries if entry.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise failure(folder, "cannot be listed", error) from error


def _newest_first(folders: Iterable[Path]) -> list[RunDirectory]:
    found = []
    for path in folders:
        run = RunDirectory(path)
        try:
            found.append((run.record.created, path.name, run))
        except RunDirectoryError as error:
            log.warning("left out: %s", error)
    return [run for _, _, run in sorted(found, key=lambda entry: entry[:2], reverse=True)]


def _newest(folders: Iterable[Path], where: Path) -> RunDirectory:
    runs = _newest_first(folders)
    if not runs:
        raise RunDirectoryError(f"{where}: none of the runs here can be read")
    return RunDirectory.open(runs[0].path)


def _id(folder: Path) -> str:
    return folder.name.rpartition("-")[2]


def _nothing(selector: str, folders: Sequence[Path], root: Path) -> str:
    names = sorted({path.parent.name for path in folders})
    known = [*names, *(_id(path) for path in folders), *(path.name for path in folders), "@last"]
    near = difflib.get_close_matches(selector, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are runs of {', '.join(names)}"
    return f"{selector}: no such run in {root}; {hint}"
