"""Losses per training step: written in closed blocks, so that they can be read at any time and after a kill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner import hdf5
from runner.errors import RunDirectoryError
from runner.run_directory.directory import RunDirectory
from runner.run_directory.files import write_hdf5

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class History:
    """Losses of a run.

    Attributes:
        step: Training steps, increasing, int64 (steps,); the first one is 1.
        losses: By name, float64 (steps,) each.
    """

    step: NDArray[np.int64]
    losses: dict[str, NDArray[np.float64]]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the losses, in the order of the strategy."""
        return tuple(self.losses)


class HistoryWriter:
    """Collects losses and writes them in blocks: no file stays open, because none of HDF5 survives a kill.

    Args:
        run: The run; a resumed one must have the same losses.
    """

    def __init__(self, run: RunDirectory) -> None:
        self._run = run
        self._waiting: list[History] = []
        self._columns = read_history(run).columns

    def append(self, first_step: int, losses: Mapping[str, NDArray[np.floating]]) -> None:
        """Losses of consecutive steps, kept in memory until `flush`.

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
        _check_columns(self._run.path, self._columns, block.columns)
        if len(steps):
            self._waiting.append(block)

    def cut(self, last_step: int) -> None:
        """Forgets what was written of later steps, for a resumption from a checkpoint.

        Raises:
            RunDirectoryError: If a file cannot be read or written.
        """
        for path in (self._run.history, *_blocks(self._run)):
            history = _read(path)
            if history is None or not len(history.step) or history.step[-1] <= last_step:
                continue
            kept = history.step <= last_step
            if kept.any():
                _write(path, History(history.step[kept], {n: values[kept] for n, values in history.losses.items()}))
            else:
                path.unlink()

    def flush(self) -> None:
        """Writes what has been appended since the last time as one closed file.

        Raises:
            RunDirectoryError: If it cannot be written; it is kept in memory then.
        """
        if self._waiting:
            block = _join(self._waiting)
            _write(self._run.history_blocks / f"{block.step[0]:09d}.h5", block)
            self._waiting.clear()

    def merge(self) -> None:
        """Puts all blocks into one file and removes them.

        Raises:
            RunDirectoryError: If it cannot be written; the blocks are kept then.
        """
        self.flush()
        blocks = _blocks(self._run)
        if not blocks:
            return
        _write(self._run.history, read_history(self._run))
        for path in blocks:
            path.unlink()
        with suppress(OSError):  # on a network file system, a file being read keeps its folder for a while
            self._run.history_blocks.rmdir()


def read_history(run: RunDirectory) -> History:
    """All losses written so far; empty where there are none.

    Steps that stand in two files, as after a kill between writing the merged file and removing its blocks or
    after a resumption, are taken from the block that begins last.

    Raises:
        RunDirectoryError: If a file is broken, or the names of the losses change between files.
    """
    # Blocks before the merged file: one that vanishes in between is in the merged file by then.
    paths = _blocks(run)
    hdf5.judge([run.history, *paths])  # one process for all
    blocks = [(path, _read(path)) for path in paths]
    files = [(run.history, _read(run.history)), *blocks]
    present = [(path, history) for path, history in files if history is not None]
    for path, history in present:
        _check_columns(path, present[0][1].columns, history.columns)
    return _join([history for _, history in present])


def _blocks(run: RunDirectory) -> list[Path]:
    """Block files in the order of their first steps."""
    found = run.history_blocks.glob("*.h5") if run.history_blocks.is_dir() else ()
    return sorted((path for path in found if path.stem.isdigit()), key=lambda path: int(path.stem))


def _join(parts: Sequence[History]) -> History:
    """Parts in one, sorted by step; of a step that stands in two of them the later part's losses are kept."""
    import numpy as np

    if not parts:
        return History(np.empty(0, np.int64), {})
    steps = np.concatenate([part.step for part in parts])
    unique, from_the_end = np.unique(steps[::-1], return_index=True)
    kept = len(steps) - 1 - from_the_end
    names = parts[0].columns
    return History(unique, {name: np.concatenate([part.losses[name] for part in parts])[kept] for name in names})


def _write(path: Path, history: History) -> None:
    with write_hdf5(path) as file:
        file.attrs["columns"] = list(history.columns)  # HDF5 itself would list them by alphabet
        file.create_dataset("step", data=history.step)
        losses = file.create_group("losses")
        for name, values in history.losses.items():
            losses.create_dataset(name, data=values)


def _read(path: Path) -> History | None:
    """The content of a file, or None where there is none."""
    import numpy as np

    try:
        with hdf5.open_hdf5(path) as file:
            names = hdf5.texts(file, "columns")
            step = np.asarray(file["step"], dtype=np.int64)
            losses = {name: np.asarray(file["losses"][name], dtype=np.float64) for name in names}
    except FileNotFoundError:
        return None
    except hdf5.Hdf5Error as error:
        raise RunDirectoryError(f"{path}: is not a history of losses: {error}") from error
    if step.ndim != 1 or any(values.shape != step.shape for values in losses.values()):
        raise RunDirectoryError(f"{path}: is not a history of losses: steps and losses do not fit each other")
    return History(step, losses)


def _check_columns(path: Path, expected: tuple[str, ...], found: tuple[str, ...]) -> None:
    if set(found) != set(expected):
        raise RunDirectoryError(
            f"{path}: the losses are {', '.join(found)}, but those of earlier steps were {', '.join(expected)}"
        )
