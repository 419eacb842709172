"""One HDF5 file of losses, and several of them in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner import hdf5
from runner.errors import RunDirectoryError
from runner.run_directory.files import write_hdf5

if TYPE_CHECKING:
    import h5py
    import numpy as np
    from numpy.typing import NDArray

_LONGEST_NAME = 200  # characters


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


def read(path: Path, every: int = 1, last: int = 0) -> History:
    """The losses in a file.

    Args:
        path: The file.
        every: Only steps that are multiples of it are read.
        last: A step that is read nevertheless, where the file ends with it.

    Raises:
        FileNotFoundError: If there is none.
        RunDirectoryError: If it is broken.
    """
    import numpy as np

    with _opened(path) as file:
        first = int(file["step"][0]) if every > 1 and len(file["step"]) else 0
        kept = [slice(-first % every, None, every)]
        if last % every and len(file["step"]) and file["step"][-1] == last:
            kept.append(slice(len(file["step"]) - 1, None))

        def column(name: str) -> Any:
            return np.concatenate([file[name][part] for part in kept])

        step = np.asarray(column("step"), dtype=np.int64)
        losses = {str(name): np.asarray(column(f"losses/{name}"), np.float64) for name in hdf5.texts(file, "columns")}
    return History(step, losses)


def read_if_there(path: Path, every: int = 1, last: int = 0) -> History | None:
    """As `read`, or None where there is no file."""
    with suppress(FileNotFoundError):
        return read(path, every, last)
    return None


def columns(path: Path) -> tuple[str, ...]:
    """Names of the losses in a file; raises as `read`."""
    with _opened(path) as file:
        return hdf5.texts(file, "columns")


def last_step(paths: Sequence[Path]) -> int:
    """The last step in files that are in order, 0 where there is none; a file that is gone is passed over."""
    for path in reversed(paths):
        with suppress(FileNotFoundError), _opened(path) as file:
            if len(file["step"]):
                return int(file["step"][-1])
    return 0


def write(path: Path, history: History) -> None:
    """Writes losses as one file.

    Raises:
        RunDirectoryError: If it cannot be written.
    """
    _write(path, history.columns, history.step, history.losses.values())


def merge(paths: Sequence[Path], target: Path) -> None:
    """Writes several files as one, like `join`.

    The new file is built in memory, as any HDF5 file; beside it, there is no more than one column of losses.

    Raises:
        RunDirectoryError: If a file is broken, the names of the losses differ, or `target` cannot be written.
    """
    import numpy as np

    names = columns(paths[0])
    for path in paths:
        check_columns(path, names, columns(path))
    step, kept = _in_order([_dataset(path, "step") for path in paths])
    losses = (np.concatenate([_dataset(path, f"losses/{name}") for path in paths])[kept] for name in names)
    _write(target, names, step, losses)


def join(parts: Sequence[History]) -> History:
    """Parts in one, sorted by step; of a step that stands in two of them the later part's losses are kept."""
    import numpy as np

    if not parts:
        return History(np.empty(0, np.int64), {})
    step, kept = _in_order([part.step for part in parts])
    names = parts[0].columns
    return History(step, {name: np.concatenate([part.losses[name] for part in parts])[kept] for name in names})


def check_columns(path: Path, expected: tuple[str, ...], found: tuple[str, ...]) -> None:
    """Refuses losses of other names.

    Raises:
        RunDirectoryError: Naming the file and both.
    """
    if set(found) != set(expected):
        raise RunDirectoryError(
            f"{path}: the losses are {', '.join(found)}, but those of earlier steps were {', '.join(expected)}"
        )


def _in_order(parts: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Steps of all parts, sorted, each once, and where in the parts, laid end to end, it stands last."""
    import numpy as np

    steps = np.concatenate(parts)
    unique, from_the_end = np.unique(steps[::-1], return_index=True)
    return unique, len(steps) - 1 - from_the_end


def _dataset(path: Path, name: str) -> Any:
    with _opened(path) as file:
        return file[name][()]


def _write(path: Path, names: Sequence[str], step: NDArray[np.int64], losses: Iterable[NDArray[np.float64]]) -> None:
    with write_hdf5(path) as file:
        file.attrs["columns"] = list(names)  # HDF5 itself would list them by alphabet
        file.create_dataset("step", data=step)
        group = file.create_group("losses")
        for name, values in zip(names, losses, strict=True):
            group.create_dataset(name, data=values)


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    """A file whose parts fit each other."""
    try:
        with hdf5.open_hdf5(path) as file:
            names = hdf5.texts(file, "columns")
            if not all(name.isprintable() and len(name) <= _LONGEST_NAME for name in names):
                raise ValueError("the names of its losses are none")  # they are shown in messages and figures
            shapes = {file["losses"][name].shape for name in names} | {file["step"].shape}
            if len(shapes) != 1 or len(next(iter(shapes))) != 1:
                raise ValueError("steps and losses do not fit each other")
            yield file
    except hdf5.Hdf5Error as error:
        raise RunDirectoryError(f"{path}: is not a history of losses: {error}") from error
