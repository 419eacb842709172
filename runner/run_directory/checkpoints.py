"""Which checkpoints a run has, whether they are whole, and which are kept."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from runner.errors import RunDirectoryError
from runner.run_directory.directory import RunDirectory
from runner.run_directory.fields import Fields
from runner.run_directory.files import failure, write_atomic

log = logging.getLogger("runner")

SCHEMA_VERSION = "1.1"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as it was written.

    Attributes:
        name: Its file in the folder of checkpoints.
        step: Training steps done.
        size: Length of the file [bytes].
        sha256: Digest of the file.
        shortfall: How far its score was from ideal, the less the better; None where it was not scored.
    """

    name: str
    step: int
    size: int
    sha256: str
    shortfall: float | None = None


def checkpoint_path(run: RunDirectory, step: int) -> Path:
    """Where the checkpoint of a step is."""
    return run.checkpoints / f"step-{step:09d}.h5"


def keep_checkpoint(
    run: RunDirectory, step: int, *, last: int, every: int | None, shortfall: float | None = None
) -> None:
    """Enters a checkpoint that has just been written, then removes those that need not be kept.

    Kept are the newest, those at certain multiples, and the one with the least shortfall.

    Args:
        run: The run.
        step: Its step; the file is complete and on disk.
        last: How many of the newest are kept.
        every: Steps whose multiples are kept for good; None for none.
        shortfall: How far its score is from ideal; None where it is not scored.

    Raises:
        RunDirectoryError: If the manifest cannot be written; nothing has been removed then.
    """
    path = checkpoint_path(run, step)
    entered = Checkpoint(path.name, step, _size(path), _digest(path), shortfall)
    known = {checkpoint.step: checkpoint for checkpoint in manifest(run)}
    known = {other: checkpoint for other, checkpoint in known.items() if other < step}  # later ones are another past
    known[step] = entered
    needed = {*sorted(known)[-last:], *(best.step for best in _best_first(known.values())[:1])}
    kept = [known[other] for other in sorted(known) if other in needed or (every and other % every == 0)]
    _write_manifest(run, kept)
    names = {checkpoint.name for checkpoint in kept}
    for other in run.checkpoints.glob("step-*.h5"):
        if other.name not in names:
            other.unlink(missing_ok=True)


def forget_shortfalls(run: RunDirectory) -> None:
    """Has no checkpoint be the best so far, as what is best will mean something else.

    Raises:
        RunDirectoryError: If the manifest cannot be read or written.
    """
    _write_manifest(run, [replace(checkpoint, shortfall=None) for checkpoint in manifest(run)])


def _write_manifest(run: RunDirectory, checkpoints: Sequence[Checkpoint]) -> None:
    tree = {"schema_version": SCHEMA_VERSION, "checkpoints": [asdict(checkpoint) for checkpoint in checkpoints]}
    write_atomic(_manifest_path(run), json.dumps(tree, indent=2) + "\n")


def manifest(run: RunDirectory) -> tuple[Checkpoint, ...]:
    """The checkpoints that were entered, oldest first; none where there is no manifest.

    Raises:
        RunDirectoryError: If the manifest cannot be read, or is gone.
    """
    path = _manifest_path(run)
    if not path.exists():
        if len(list(run.checkpoints.glob("step-*.h5"))) > 1:  # one may have been written just before a kill
            advice = "put it back, or remove the checkpoints to begin anew"
            raise RunDirectoryError(f"{path}: is not there, although there are checkpoints; {advice}")
        return ()
    entries = Fields.read(path, SCHEMA_VERSION).sections("checkpoints")
    found = [
        Checkpoint(
            name=entry.text("name"),
            step=entry.integer("step"),
            size=entry.integer("size"),
            sha256=entry.text("sha256"),
            shortfall=entry.optional(entry.number, "shortfall") if "shortfall" in entry.tree else None,  # new in 1.1
        )
        for entry in entries
    ]
    if wrong := [entry.name for entry in found if entry.name != checkpoint_path(run, entry.step).name]:
        raise RunDirectoryError(f"{path}: {wrong[0]!r} is not the name of a checkpoint")
    return tuple(sorted(found, key=lambda checkpoint: checkpoint.step))


def newest_checkpoint(run: RunDirectory) -> Path | None:
    """The newest checkpoint that is as it was written; damaged ones are told in the log. None where there is none."""
    return _first_whole(run, manifest(run)[::-1], "taking the one before")


def best_checkpoint(run: RunDirectory) -> Path | None:
    """The checkpoint with the least shortfall that is as it was written; None where none was scored."""
    return _first_whole(run, _best_first(manifest(run)), "taking the second best")


def _best_first(checkpoints: Iterable[Checkpoint]) -> list[Checkpoint]:
    """Those that were scored, from the least shortfall; the earlier one first where they are equal."""
    scored = [(c.shortfall, c.step, c) for c in checkpoints if c.shortfall is not None]
    return [checkpoint for _, _, checkpoint in sorted(scored, key=lambda entry: entry[:2])]


def _first_whole(run: RunDirectory, checkpoints: Iterable[Checkpoint], instead: str) -> Path | None:
    for path, complaint in _checked(run, checkpoints):
        if not complaint:
            return path
        log.warning("%s: %s; %s", path, complaint, instead)
    return None


def _checked(run: RunDirectory, checkpoints: Iterable[Checkpoint]) -> Iterator[tuple[Path, str]]:
    """Each checkpoint with what is wrong with it."""
    for checkpoint in checkpoints:
        path = run.checkpoints / checkpoint.name
        if not os.path.isfile(path):  # also where no file can have such a name
            yield path, "is not there"
        elif path.stat().st_size != checkpoint.size:
            yield path, f"has {path.stat().st_size} bytes, not {checkpoint.size}"
        else:
            yield path, "" if _digest(path) == checkpoint.sha256 else "is not as it was written"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise failure(path, "cannot be read", error) from error


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise failure(path, "cannot be read", error) from error


def _manifest_path(run: RunDirectory) -> Path:
    return run.checkpoints / "manifest.json"
