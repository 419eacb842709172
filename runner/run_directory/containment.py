"""Whether all of a run folder is in it: folders come from colleagues, too, and are written to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from runner.errors import RunDirectoryError
from runner.run_directory.files import failure


def check_contained(folder: Path) -> None:
    """Refuses links out of a folder, and what is neither a file, a folder nor a link, such as a pipe.

    Through a link named ``log.txt`` or ``figures``, whoever scores the run again would write to any of their files.

    Args:
        folder: A run folder, which may itself be reached by a link.

    Raises:
        RunDirectoryError: Naming the first such entry.
    """
    home = os.path.realpath(folder)
    for entry in _entries(home):
        if entry.is_symlink():
            target = os.path.realpath(entry.path)
            if os.path.commonpath([home, target]) != home:
                raise RunDirectoryError(
                    f"{entry.path}: is a link to {target}, outside the run folder; put the file itself there"
                )
        elif not entry.is_dir(follow_symlinks=False) and not entry.is_file(follow_symlinks=False):
            raise RunDirectoryError(f"{entry.path}: is neither a file nor a folder; remove it")


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    """Everything below a folder, links not followed."""
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except FileNotFoundError:  # gone since it was listed, as blocks of a history go
        return
    except OSError as error:
        raise failure(Path(folder), "cannot be listed", error) from error
    for entry in entries:
        yield entry
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(entry.path)
