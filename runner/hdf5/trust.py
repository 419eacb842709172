"""Which HDF5 files may be opened in this process.

The HDF5 library hangs or crashes on some damaged files, and follows a file's links to others. So a file is first read
in a process of its own, which costs a fifth of a second, whatever the file. What this process has written itself needs
no such proof, and one process serves any number of files: reading losses while a run goes on, or the hundred blocks of
an interrupted one, costs nothing or one process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS = 20.0
"""How long one step of reading a file may take."""

_PROBE = Path(__file__).with_name("probe.py")

_Identity = tuple[int, int, int, int]


@dataclass(frozen=True)
class Verdict:
    """What is known of a file.

    Attributes:
        complaint: Why it is refused, or "".
        claimed: Bytes that its datasets have in memory.
    """

    complaint: str
    claimed: int


_WRITTEN_HERE = Verdict("", 0)
_LOST = Verdict("the HDF5 library cannot read it to its end", 0)
_known: dict[_Identity, Verdict] = {}


def vouch(path: Path) -> None:
    """Notes that this process has just written a file."""
    _known[_identity(path)] = _WRITTEN_HERE


def judge(paths: Iterable[Path]) -> dict[Path, Verdict]:
    """Whether files may be opened; several at once cost as much as one.

    Args:
        paths: The files; those that are not there are left out of the answer.

    Raises:
        OSError: If one cannot be looked at.
    """
    identities = {path: _identity(path) for path in paths if path.exists()}
    unknown = [path for path, identity in identities.items() if identity not in _known]
    for path, verdict in zip(unknown, _probe(unknown), strict=True):
        _known[identities[path]] = verdict
    return {path: _known[identity] for path, identity in identities.items()}


def _identity(path: Path) -> _Identity:
    """What tells a file from its later versions."""
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _probe(paths: Sequence[Path]) -> list[Verdict]:
    verdicts: list[Verdict] = []
    while len(verdicts) < len(paths):
        verdicts += _one_process(paths[len(verdicts) :])
        if len(verdicts) < len(paths):
            verdicts.append(_LOST)
    return verdicts


def _one_process(paths: Sequence[Path]) -> list[Verdict]:
    """What is said of the first files, up to the one that ends the process."""
    # finds modules where this process does, not beside the script
    command = [sys.executable, "-P", str(_PROBE), str(SECONDS)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # starting the others takes time, and memory
    given = b"".join(os.fsencode(path.absolute()) + b"\0" for path in paths)
    done = subprocess.run(  # noqa: S603
        command,
        input=given,
        capture_output=True,
        env=environment,
        check=False,
        start_new_session=True,  # so that a signal to this process and its children does not look like a damaged file
    )
    return [Verdict(*json.loads(line)) for line in done.stdout.splitlines()]
