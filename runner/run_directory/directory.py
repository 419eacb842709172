"""The run folder: made once, written by one process at a time, read by any."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from runner import provenance
from runner.errors import RunDirectoryError
from runner.run_directory.containment import check_contained
from runner.run_directory.files import TEMPORARY, failure, make_folder, sync, write_atomic
from runner.run_directory.record import RunRecord


@dataclass(frozen=True)
class RunDirectory:
    """A run folder and where things are in it.

    A folder is a run from the moment its ``run.json`` is there, which is written last when it is made.

    Attributes:
        path: The folder.
    """

    path: Path

    @classmethod
    def create(cls, root: Path, record: RunRecord, files: Mapping[str, str | bytes]) -> RunDirectory:
        """A new folder ``<root>/<name>/<UTC time>-<id>/``.

        Args:
            root: Folder that holds the runs.
            record: What is known of the run; id, times, host and process are filled in.
            files: Content by name, e.g. "experiment.yaml" or "plugins/mine.py".

        Raises:
            RunDirectoryError: If it cannot be made; nothing is left of it then.
        """
        if record.name in ("", ".", "..") or set(record.name) & set("/\\\0"):
            raise RunDirectoryError(f"{record.name!r} cannot be the name of a folder of runs; rename the experiment")
        now = datetime.now(UTC)
        path = _make_folder((root / record.name).absolute(), now)
        text = provenance.iso(now)
        complete = replace(
            record,
            id=path.name.rpartition("-")[2],
            created=text,
            started=text,
            host=provenance.host(),
            pid=os.getpid(),
            process=provenance.process(os.getpid()),
        )
        run = cls(path)
        try:
            for file, content in files.items():
                make_folder(run._inside(file).parent)
                write_atomic(run._inside(file), content)
            run._write(complete)
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise
        return run

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """An existing folder.

        Raises:
            RunDirectoryError: If it is not a run folder, leads out of itself, or its ``run.json`` cannot be read.
        """
        run = cls(path.absolute())
        if not is_run(path):
            found = "has no run.json" if path.is_dir() else "is no folder"
            raise RunDirectoryError(f"{path}: {found}, so it is not a run")
        check_contained(run.path)
        RunRecord.read(run.path / "run.json")
        return run

    @property
    def record(self) -> RunRecord:
        """The content of ``run.json``, read anew."""
        return RunRecord.read(self.path / "run.json")

    @property
    def status(self) -> str:
        """How the run stands; see `status_of`."""
        return status_of(self.record)

    def update(self, **changes: Any) -> RunRecord:
        """Changes fields of the record, for the holder of the lock.

        Raises:
            RunDirectoryError: If ``run.json`` cannot be read or written, or a value is of the wrong type.
        """
        changed = replace(self.record, **changes)
        self._write(changed)
        return changed

    def _write(self, record: RunRecord) -> None:
        path, text = self.path / "run.json", record.to_json()
        RunRecord.from_json(text, path)  # what cannot be read back is not written
        write_atomic(path, text)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps other processes from writing to this folder.

        The lock is the kernel's (``flock``), so it ends with its process, however that ends; the file's content
        only says whose it is. Half-written files a killed process left behind are removed.

        Raises:
            RunDirectoryError: If another process holds it, with its number and host.
        """
        path = self.path / ".lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        except OSError as error:
            raise failure(path, "cannot be written", error) from error
        try:
            self._acquire(descriptor, path)
            yield
        finally:
            os.close(descriptor)

    def _acquire(self, descriptor: int, path: Path) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} on {provenance.host()}\n".encode(), 0)
            for left in self.path.rglob(f"{TEMPORARY}*"):
                left.unlink(missing_ok=True)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 1000, 0).decode(errors="replace").strip() or "another process"
            raise RunDirectoryError(
                f"{self.path}: {holder} writes to this run; wait for it to end, or stop it"
            ) from error
        except OSError as error:
            raise failure(path, "cannot be locked", error) from error

    def set_scores_aside(self) -> Path | None:
        """Keeps the scores under a name that is free, as scores-previous.json; None where there are none."""
        if not self.scores.exists():
            return None
        names = ("scores-previous.json", *(f"scores-previous-{number}.json" for number in range(2, 10_000)))
        kept = next(self.path / name for name in names if not (self.path / name).exists())
        try:
            self.scores.rename(kept)
        except OSError as error:
            raise failure(self.scores, "cannot be renamed", error) from error
        return kept

    def _inside(self, name: str) -> Path:
        """Path of a file of the run, which must not lead out of its folder."""
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts or not parts.parts:
            raise RunDirectoryError(f"{name!r} cannot be the name of a file in a run folder")
        return self.path / parts

    @property
    def experiment(self) -> Path:
        """The experiment file, verbatim."""
        return self.path / "experiment.yaml"

    @property
    def resolved(self) -> Path:
        """The experiment with every default; running it repeats the run."""
        return self.path / "resolved.yaml"

    @property
    def git_diff(self) -> Path:
        """How the working tree differed from the recorded revision; not there if it did not."""
        return self.path / "git.diff"

    @property
    def plugins(self) -> Path:
        """Folder of the plugin files that were given by path."""
        return self.path / "plugins"

    @property
    def log(self) -> Path:
        """The log, in UTC."""
        return self.path / "log.txt"

    @property
    def history(self) -> Path:
        """Losses per step, once training has ended; see `history_blocks`."""
        return self.path / "history.h5"

    @property
    def history_blocks(self) -> Path:
        """Folder of the losses written so far, one file for each block of steps."""
        return self.path / "history"

    @property
    def checkpoints(self) -> Path:
        """Folder of the training's saved states."""
        return self.path / "checkpoints"

    @property
    def model(self) -> Path:
        """Folder of the trained networks and the fitted transform."""
        return self.path / "model"

    @property
    def samples(self) -> Path:
        """Folder of real and generated responses."""
        return self.path / "samples"

    @property
    def scores(self) -> Path:
        """The scores."""
        return self.path / "scores.json"

    @property
    def validation(self) -> Path:
        """Scores on validation events while it was trained."""
        return self._inside("validation.json")

    @property
    def report(self) -> Path:
        """The report, one page."""
        return self._inside("report.html")

    @property
    def figure_data(self) -> Path:
        """The data of the metrics' figures."""
        return self._inside("figures.h5")

    @property
    def figures(self) -> Path:
        """Folder of the figures."""
        return self.path / "figures"


def status_of(record: RunRecord) -> str:
    """The recorded status; "interrupted" where it says "running" but the process on this host is gone."""
    if record.status != "running" or record.host != provenance.host():
        return record.status
    return "running" if provenance.process(record.pid) == record.process else "interrupted"


def is_run(path: Path) -> bool:
    """Whether a folder is a complete run folder."""
    try:
        return (path / "run.json").is_file()
    except PermissionError:
        return True  # it may be one; reading it says what is wrong
    except OSError:
        return False


def _make_folder(parent: Path, now: datetime) -> Path:
    """A folder nobody else has made: one ``mkdir`` that fails if it exists, with another id each time."""
    time = now.strftime("%Y%m%dT%H%M%SZ")
    make_folder(parent)
    while True:
        path = parent / f"{time}-{os.urandom(3).hex()}"
        try:
            path.mkdir()
            sync(parent)
        except FileExistsError:
            continue
        except OSError as error:
            raise failure(parent, "no run folder can be made here", error) from error
        return path
