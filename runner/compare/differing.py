"""What was different when two runs were made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from runner import config
from runner.compare.code import changes, revision
from runner.run_directory import RunDirectory, RunRecord, read_scores


@dataclass(frozen=True, kw_only=True)
class Differing:
    """One thing that is not the same in two runs.

    Attributes:
        section: "parameters", "code", "packages", "plugins", "data" or "device".
        key: What it is: a dotted key, or a name.
        first: What the first run has; None where it has nothing of the kind.
        second: The same of the second.
    """

    section: str
    key: str
    first: Any
    second: Any


def differing(first: RunDirectory, second: RunDirectory) -> tuple[Differing, ...]:
    """All that is not the same in two runs, as far as it is recorded.

    Raises:
        RunDirectoryError: If a file of a run cannot be read.
        ExperimentError: If the experiment of a run cannot be read.
    """
    before, after = _sections(first), _sections(second)
    return tuple(found for section in before for found in _of_section(section, before[section], after[section]))


def _of_section(section: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Differing]:
    for key in dict.fromkeys((*first, *second)):
        if first.get(key) != second.get(key):
            yield Differing(section=section, key=key, first=first.get(key), second=second.get(key))


def _sections(run: RunDirectory) -> dict[str, Mapping[str, Any]]:
    record = run.record
    return {
        "parameters": config.flat(config.values(run.resolved)),
        "code": {"revision": revision(record), "changes": changes(run, record) or None},
        "packages": record.versions,
        "plugins": {plugin.name: f"{plugin.source} (digest {plugin.digest[:12]})" for plugin in record.plugins},
        "data": _data(run, record),
        "device": {"device": record.device.name or None, "XLA": record.compilation.jit_compile},
    }


def _data(run: RunDirectory, record: RunRecord) -> dict[str, Any]:
    scores = read_scores(run)
    judged = {"digest of the events judged on": scores.data_digest[:12]} if scores else {}
    return asdict(record.data) | {"digest": record.data.digest[:12]} | judged
