"""``run.json``: what a run is, where it comes from and how it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, get_args

from runner.run_directory.fields import Fields

SCHEMA_VERSION = "1.2"

Status = Literal["running", "finished", "failed", "diverged", "interrupted"]


@dataclass(frozen=True)
class GitRecord:
    """Revision of the experiment's repository (None: it has none), and whether tracked files differ from it."""

    revision: str | None = None
    dirty: bool = False


@dataclass(frozen=True)
class PluginRecord:
    """A plugin the run uses, where it was found, and the SHA-256 of its files."""

    name: str
    source: str
    digest: str


@dataclass(frozen=True)
class DataRecord:
    """SHA-256 of the whole sample, and its numbers of events."""

    digest: str = ""
    events: int = 0
    train: int = 0
    validation: int = 0
    test: int = 0


@dataclass(frozen=True)
class DeviceRecord:
    """The device trained on ("cpu" or "gpu"), its name, and all devices that could be seen."""

    kind: str = ""
    name: str = ""
    visible: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompilationRecord:
    """Whether training steps are compiled by XLA, and why."""

    jit_compile: bool = False
    reason: str = ""


@dataclass(frozen=True)
class ResumeRecord:
    """A resumption: when (UTC, ISO 8601), from which step, and parameters that were changed, as ``KEY=VALUE``."""

    time: str
    step: int
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What ``run.json`` holds.

    Attributes:
        name: The experiment's name.
        seed: The experiment's seed.
        description: The experiment's description.
        status: As last written; `RunDirectory.status` knows better.
        id: Six hexadecimal digits; set when the folder is made, as are created, started, host and process.
        created: When the folder was made (UTC, ISO 8601).
        started: When the process that trains, or trained last, began (UTC, ISO 8601).
        finished: When the run ended, in whatever way (UTC, ISO 8601), or "".
        command: The command line.
        git: Revision of the experiment's repository.
        versions: Version by distribution, and of Python.
        plugins: The plugins used.
        data: The events used.
        device: What it was trained on.
        compilation: How its training steps were compiled.
        host: Name of the machine.
        pid: Process number there.
        process: What tells that process from a later one with the same number.
        steps: Training steps done and kept.
        model_step: Training step of the saved networks; less than steps where an earlier checkpoint was best.
        imported: The model file a run without training was made of, or "".
        resumed: Its resumptions, oldest first.
        message: Why the run did not finish, or "".
        timings: Duration by phase [s].
        schema_version: Version of the format; a later major version cannot be read.
    """

    name: str
    seed: int
    description: str = ""
    status: str = "running"
    id: str = ""
    created: str = ""
    started: str = ""
    finished: str = ""
    command: str = ""
    git: GitRecord = field(default=GitRecord())
    versions: Mapping[str, str] = field(default_factory=dict)
    plugins: tuple[PluginRecord, ...] = ()
    data: DataRecord = field(default=DataRecord())
    device: DeviceRecord = field(default=DeviceRecord())
    compilation: CompilationRecord = field(default=CompilationRecord())
    host: str = ""
    pid: int = 0
    process: str = ""
    steps: int = 0
    model_step: int = 0
    imported: str = ""
    resumed: tuple[ResumeRecord, ...] = ()
    message: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    schema_version: str = SCHEMA_VERSION

    def to_json(self) -> str:
        """The text of ``run.json``."""
        return json.dumps(asdict(self), indent=2, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str, path: Path) -> RunRecord:
        """The record in the text of a file.

        Args:
            text: The file's content.
            path: The file, for messages.

        Raises:
            RunDirectoryError: Naming file and key, where something is missing or of the wrong type.
        """
        return cls._from_fields(Fields.parse(text, path, SCHEMA_VERSION))

    @classmethod
    def read(cls, path: Path) -> RunRecord:
        """The record in a file; see `from_json`."""
        return cls._from_fields(Fields.read(path, SCHEMA_VERSION))

    @classmethod
    def _from_fields(cls, fields: Fields) -> RunRecord:
        git, versions, timings = fields.section("git"), fields.section("versions"), fields.section("timings")
        return cls(
            name=fields.text("name"),
            seed=fields.integer("seed"),
            description=fields.text("description"),
            status=fields.choice("status", get_args(Status)),
            id=fields.text("id"),
            created=fields.text("created"),
            started=fields.text("started"),
            finished=fields.text("finished"),
            command=fields.text("command"),
            git=GitRecord(git.optional(git.text, "revision"), git.flag("dirty")),
            versions={name: versions.text(name) for name in versions.tree},
            plugins=tuple(
                PluginRecord(plugin.text("name"), plugin.text("source"), plugin.text("digest"))
                for plugin in fields.sections("plugins")
            ),
            data=_data(fields.section("data")),
            device=_device(fields.section("device")),
            compilation=_compilation(fields) if "compilation" in fields.tree else CompilationRecord(),  # new in 1.2
            host=fields.text("host"),
            pid=fields.integer("pid"),
            process=fields.text("process"),
            steps=fields.integer("steps"),
            model_step=fields.integer("model_step" if "model_step" in fields.tree else "steps"),  # new in 1.2
            imported=fields.text("imported") if "imported" in fields.tree else "",  # new in 1.1, as the next one
            resumed=_resumed(fields) if "resumed" in fields.tree else (),
            message=fields.text("message"),
            timings={name: timings.number(name) for name in timings.tree},
            schema_version=fields.text("schema_version"),
        )


def _resumed(fields: Fields) -> tuple[ResumeRecord, ...]:
    return tuple(
        ResumeRecord(entry.text("time"), entry.integer("step"), entry.texts("changes"))
        for entry in fields.sections("resumed")
    )


def _compilation(fields: Fields) -> CompilationRecord:
    found = fields.section("compilation")
    return CompilationRecord(found.flag("jit_compile"), found.text("reason"))


def _data(fields: Fields) -> DataRecord:
    return DataRecord(
        digest=fields.text("digest"),
        events=fields.integer("events"),
        train=fields.integer("train"),
        validation=fields.integer("validation"),
        test=fields.integer("test"),
    )


def _device(fields: Fields) -> DeviceRecord:
    return DeviceRecord(fields.text("kind"), fields.text("name"), fields.texts("visible"))
