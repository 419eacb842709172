"""The code a run was made with, in a few characters."""

from __future__ import annotations

import hashlib

from runner.run_directory import RunDirectory, RunRecord

_UNKNOWN_TO_GIT = b"# not in the repository: "  # files that come and go beside the code


def revision(record: RunRecord) -> str:
    """The commit that was checked out."""
    return record.git.revision[:12] if record.git.revision else "unknown"


def changes(run: RunDirectory, record: RunRecord) -> str:
    """What was not committed: number of lines of the diff and its digest; "" where there was nothing."""
    if not record.git.dirty:
        return ""
    try:
        lines = run.git_diff.read_bytes().splitlines(keepends=True)
    except OSError:
        return "unknown changes"
    diff = [line for line in lines if not line.startswith(_UNKNOWN_TO_GIT)]
    return f"{len(diff)} lines of changes (digest {hashlib.sha256(b''.join(diff)).hexdigest()[:12]})"
