"""Losses per training step: written in closed blocks, so that they can be read at any time and after a kill.

A training of a million steps must neither hold its losses nor read them all again for every picture: what waits in
memory is at most one block, and whoever draws reads no more steps than a picture has room for.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from runner import hdf5
from runner.errors import RunDirectoryError
from runner.run_directory import history_file
from runner.run_directory.directory import RunDirectory
from runner.run_directory.history_file import History

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BLOCK = 20_000
"""Steps after which a block is left alone: few files even of a long training, each rewritten in milliseconds."""


class HistoryWriter:
    """Collects losses and writes them in blocks: no file stays open, because none of HDF5 survives a kill.

    Until it is full, the newest block is written anew by every `flush`, so that the number of files depends on the
    number of steps and not on how often they are written.

    Args:
        run: The run; a resumed one must have the same losses.
    """

    def __init__(self, run: RunDirectory) -> None:
        self._run = run
        self._block: list[History] = []
        self._unwritten = False
        hdf5.judge(_files(run))  # one process for all
        self._columns = next((history_file.columns(path) for path in _files(run)), ())

    def append(self, first_step: int, losses: Mapping[str, NDArray[np.floating]]) -> None:
        """Losses of consecutive steps, on disk after the next `flush`.

        Args:
            first_step: The step of the first values.
            losses: By name, (steps,) each.

        Raises:
            RunDirectoryError: If the names are not those of earlier steps, or the lengths differ.
        """
        import numpy as np

        arrays = {name: np.array(values, dtype=np.float64) for name, values in losses.items()}
        shapes = {array.shape for array in arrays.values()}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1:
            found = ", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "none"
            raise RunDirectoryError(
                f"{self._run.path}: losses of one block of steps must have one length, (steps,); found {found}"
            )
        steps = np.arange(first_step, first_step + next(iter(shapes))[0], dtype=np.int64)
        block = History(steps, arrays)
        self._columns = self._columns or block.columns
        history_file.check_columns(self._run.path, self._columns, block.columns)
        if len(steps):
            self._block.append(block)
            self._unwritten = True

    def cut(self, last_step: int) -> None:
        """Forgets what was written of later steps, for a resumption from a checkpoint.

        Raises:
            RunDirectoryError: If a file cannot be read or written.
        """
        self.flush()
        self._block.clear()
        for path in _files(self._run):
            if history_file.last_step([path]) <= last_step:
                continue
            history = history_file.read(path)
            kept = history.step <= last_step
            if kept.any():
                losses = {name: values[kept] for name, values in history.losses.items()}
                history_file.write(path, History(history.step[kept], losses))
            else:
                path.unlink()

    def flush(self) -> None:
        """Writes what has been appended since the last time; what is on disk then is closed and whole.

        Raises:
            RunDirectoryError: If it cannot be written; it is kept in memory then.
        """
        if not self._unwritten:
            return
        block = history_file.join(self._block)
        history_file.write(self._run.history_blocks / f"{block.step[0]:09d}.h5", block)
        self._block = [block] if len(block.step) < _BLOCK else []
        self._unwritten = False

    def merge(self) -> None:
        """Puts all blocks into one file and removes them.

        Raises:
            RunDirectoryError: If it cannot be written; the blocks are kept then.
        """
        self.flush()
        blocks = _blocks(self._run)
        if not blocks:
            return
        history_file.merge(_files(self._run), self._run.history)
        self._block.clear()
        for path in blocks:
            path.unlink()
        with suppress(OSError):  # on a network file system, a file being read keeps its folder for a while
            self._run.history_blocks.rmdir()


def read_history(run: RunDirectory, most: int | None = None) -> History:
    """Losses written so far; empty where there are none.

    Steps that stand in two files, as after a kill between writing the merged file and removing its blocks or
    after a resumption, are taken from the block that begins last.

    Args:
        run: The run.
        most: About how many steps are wanted, evenly spaced, and the last one; the others are not read. None for all.

    Raises:
        RunDirectoryError: If a file is broken, or the names of the losses change between files.
    """
    blocks = _blocks(run)
    hdf5.judge([run.history, *blocks])  # one process for all
    last = 0 if most is None else history_file.last_step([run.history, *blocks])
    every = 1 if most is None else max(1, -(-last // most))
    # Blocks before the merged file: one that vanishes in between is in the merged file by then.
    read = [(path, history_file.read_if_there(path, every, last)) for path in blocks]
    files = [(run.history, history_file.read_if_there(run.history, every, last)), *read]
    present = [(path, history) for path, history in files if history is not None]
    for path, history in present:
        history_file.check_columns(path, present[0][1].columns, history.columns)
    return history_file.join([history for _, history in present])


def _blocks(run: RunDirectory) -> list[Path]:
    """Block files in the order of their first steps."""
    found = run.history_blocks.glob("*.h5") if run.history_blocks.is_dir() else ()
    return sorted((path for path in found if path.stem.isdigit()), key=lambda path: int(path.stem))


def _files(run: RunDirectory) -> list[Path]:
    """All files, in the order in which they hold the steps."""
    return [*([run.history] if run.history.exists() else []), *_blocks(run)]
