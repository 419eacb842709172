"""Numbers that depend on real events alone, kept from one run to the next."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from runner.errors import RunDirectoryError
from runner.run_directory import make_folder, write_atomic

log = logging.getLogger("runner")

Numbers = dict[str, list[float]]
"""Numbers by name, e.g. a score in each halving."""


class ScoreCache:
    """One small JSON file for each thing measured, found by the digest of all that decides its numbers.

    Args:
        folder: Where the files are; ``RUNNER_CACHE``, or ``runner`` in the user's cache folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        chosen = os.environ.get("RUNNER_CACHE")
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        self.folder = (folder or (Path(chosen) if chosen else base / "runner")) / "scores"

    def remembered(self, key: Mapping[str, Any], compute: Callable[[], Numbers]) -> Numbers:
        """What is kept under a key; computed and kept where there is nothing, or nothing that can be read.

        Args:
            key: All that decides the numbers, as JSON can hold it.
            compute: Finds them.
        """
        path = self.folder / f"{hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:32]}.json"
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["key"] == json.loads(json.dumps(key)):
                return {name: [float(value) for value in values] for name, values in kept["numbers"].items()}
        numbers = compute()
        try:
            make_folder(self.folder)
            write_atomic(path, json.dumps({"key": key, "numbers": numbers}) + "\n")  # with NaN, which Python reads
        except (OSError, RunDirectoryError) as error:
            log.info("what was measured is not kept for the next run: %s", error)
        return numbers
