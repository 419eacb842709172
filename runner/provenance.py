"""Where a run comes from: code, versions, machine, data."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import platform
import shlex
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from runner.errors import DataError

if TYPE_CHECKING:
    from runner.api import Condition, DataInfo, Sample

log = logging.getLogger("runner")

DIFF_LIMIT = 10_000_000
"""Longest diff that is kept [bytes]."""

_DISTRIBUTIONS = (
    "tpc-runner",
    "tensorflow",
    "keras",
    "numpy",
    "scipy",
    "scikit-learn",
    "h5py",
    "pydantic",
    "pluggy",
    "click",
)

_BYTES_AT_ONCE = 2**24

_GIT_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
"""Set inside git's own hooks, where they would point to another repository than the folder's."""


@dataclass(frozen=True)
class GitState:
    """State of a git working tree.

    Attributes:
        revision: The commit checked out, or None where there is no repository, no commit or no git.
        dirty: Whether tracked files differ from it.
        diff: How they differ, after a list of the files git does not know; "" where there is neither.
    """

    revision: str | None
    dirty: bool
    diff: str


def git_state(folder: Path) -> GitState:
    """State of the working tree that `folder` is in; what git complains about is logged."""
    revision = _git(folder, "rev-parse", "--verify", "HEAD").strip()
    if not revision:
        return GitState(None, False, "")
    difference = _git(folder, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD")
    status = _git(folder, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=normal")
    untracked = [entry[3:] for entry in status.split("\0") if entry.startswith("?? ")]
    header = "".join(f"# not in the repository: {name}\n" for name in untracked)
    return GitState(revision, bool(difference), header + difference)


def _git(folder: Path, *arguments: str) -> str:
    """Output of a git command, cut at the limit; "" where it fails."""
    import subprocess
    import tempfile

    # No lock is taken, so that a run that starts does not get in the way of a commit.
    environment = {name: value for name, value in os.environ.items() if name not in _GIT_ELSEWHERE}
    environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    command = ["git", "-C", str(folder), *arguments]
    with tempfile.TemporaryFile() as complaints:
        try:
            running = subprocess.Popen(  # noqa: S603  (a fixed program and fixed arguments)
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints, env=environment
            )
        except OSError as error:
            log.info("no git revision is recorded: %s", error)
            return ""
        with running:
            output = cast(IO[bytes], running.stdout).read(DIFF_LIMIT + 1)
            if len(output) > DIFF_LIMIT:
                running.kill()
                cut = output[:DIFF_LIMIT].rpartition(b"\n")[0].decode(errors="replace")
                return f"{cut}\n# cut here: longer than {DIFF_LIMIT} bytes\n"
        if running.returncode:
            complaints.seek(0)
            complaint = complaints.read().decode(errors="replace").strip().removeprefix("fatal: ")
            log.info("no git revision is recorded: %s", complaint)
            return ""
    return output.decode(errors="replace")


def versions() -> dict[str, str]:
    """Version of Python and of the installed distributions that matter; nothing is imported."""
    import importlib.metadata

    found = {"python": platform.python_version()}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def host() -> str:
    """Name of this machine."""
    return socket.gethostname()


def process(pid: int) -> str:
    """What tells a process of this machine from a later one with the same number; "" if it has ended.

    The time of its start, counted from the machine's, and an identifier of that: the clock does not come in.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    state, *numbers = stat.rpartition(")")[2].split()  # the name in parentheses may hold anything
    return "" if state in "ZX" else f"{boot}/{numbers[18]}"


def command_line() -> str:
    """The command that was given, quoted for a shell."""
    return shlex.join(sys.argv).encode(errors="replace").decode()


def iso(time: datetime) -> str:
    """A time with its milliseconds, UTC, ISO 8601: "2026-01-31T23:59:59.000Z"."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_now() -> str:
    """The time now; see `iso`."""
    return iso(datetime.now(UTC))


def digest_file(path: Path) -> str:
    """SHA-256 of a file's content.

    Raises:
        DataError: If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def digest_files(paths: Sequence[Path]) -> str:
    """SHA-256 of files and their names, the same in whatever order and wherever their folder is.

    Raises:
        DataError: If one cannot be read.
    """
    absolute = [path.absolute() for path in paths]
    folder = os.path.commonpath([path.parent for path in absolute]) if absolute else ""
    named = sorted((path.relative_to(folder).as_posix(), digest_file(path)) for path in absolute)
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def digest_sample(sample: Sample) -> str:
    """SHA-256 of a sample: description, responses, conditions and event numbers; not its notes."""
    digest = hashlib.sha256(json.dumps(_description(sample.info)).encode())
    for array in (sample.responses, sample.conditions, sample.event_ids):
        digest.update(json.dumps([array.dtype.str, *array.shape]).encode())
        at_once = max(1, _BYTES_AT_ONCE // max(1, array.dtype.itemsize * math.prod(array.shape[1:])))
        for first in range(0, len(array), at_once):
            digest.update(array[first : first + at_once].tobytes())
    return digest.hexdigest()


def _of_condition(known: Condition) -> list[object]:
    period = [] if known.period is None else [float(known.period)]
    return [known.name, known.unit, float(known.low), float(known.high), *period]


def _description(info: DataInfo) -> list[object]:
    """A description as JSON knows it; numbers of one value are one number, whatever their type."""
    return [
        [[axis.name, int(axis.size), axis.unit, float(axis.start)] for axis in info.axes],
        [info.quantity, info.unit, float(info.threshold)],
        [_of_condition(known) for known in info.conditions],
    ]
