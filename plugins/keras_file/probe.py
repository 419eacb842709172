"""Whether the HDF5 library survives a file: it runs forever on some damaged files, and crashes on others.

So a file is read to its end in a process of its own first, this module run as a script, which may be stopped.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

SECONDS = 20
MOST_MEMORY = 2**33  # bytes


def survives(path: Path) -> bool:
    """Whether all of a file can be read, or refused, by a process that then still lives."""
    try:
        command = [sys.executable, "-P", __file__, str(path)]  # finds modules where this process does, not beside it
        return subprocess.run(command, capture_output=True, timeout=SECONDS, check=False).returncode == 0  # noqa: S603
    except subprocess.TimeoutExpired:
        return False


def _read(path: str) -> None:
    """Reads every attribute and dataset that hard links lead to; whatever Python can catch is no danger.

    Datasets that lie in other files are left out: those are not opened, and could be pipes.
    """
    import resource

    import h5py

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))  # also where whoever started it is gone
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def attributes(owner: h5py.HLObject) -> None:
        for name in owner.attrs:
            owner.attrs[name]

    def visit(_: str, item: h5py.HLObject) -> None:
        with suppress(Exception):  # a refusal is all that is asked for
            attributes(item)
            inside = isinstance(item, h5py.Dataset) and not item.is_virtual and not item.external
            if inside and item.nbytes < 2**31:
                item[()]

    with suppress(Exception), h5py.File(path, "r") as file:
        attributes(file)
        file.visititems(visit)


if __name__ == "__main__":
    _read(sys.argv[1])
