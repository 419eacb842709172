"""All that a run needs before its folder is made, and the folder."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner import config, provenance
from runner.api import Sample
from runner.errors import DivergedError, InterruptedRunError, RunnerError
from runner.evaluation import Splits, loaded, split
from runner.launch.loading import load
from runner.plan import Plan
from runner.run_directory import (
    CompilationRecord,
    DataRecord,
    DeviceRecord,
    GitRecord,
    PluginRecord,
    RunDirectory,
    RunRecord,
    failure,
)
from runner.transforms import FittedTransform

if TYPE_CHECKING:
    from runner.backend.building import Built
    from runner.backend.device import DeviceInfo

log = logging.getLogger("runner")


@dataclass(frozen=True)
class Prepared:
    """Data and networks of a plan.

    Attributes:
        device: What it will run on.
        sample: The whole data set.
        splits: Its parts.
        transform: Fitted to the training events.
        built: Networks, optimizers and the strategy's model.
    """

    device: DeviceInfo
    sample: Sample
    splits: Splits
    transform: FittedTransform
    built: Built


def prepare(plan: Plan) -> Prepared:
    """Loads TensorFlow, then the data, and builds the networks; writes nothing.

    Raises:
        RunnerError: From the device, the data set, the transform or a network.
    """
    log.info("loading TensorFlow")
    from runner.backend import device as devices
    from runner.backend.building import build

    experiment, seed = plan.experiment, plan.experiment.seed
    device = devices.configure(
        experiment.device,
        seed,
        memory=experiment.gpu_memory,
        threads=experiment.threads,
        threads_per_operation=experiment.threads_per_operation,
    )
    log.info("device: %s", device.name)
    sample = load(plan)
    splits = split(sample, experiment.split, experiment.data_seed)
    transform = FittedTransform.fit(plan.transform, loaded(splits.train))
    return Prepared(device, sample, splits, transform, build(plan, transform.describe(), seed))


def create(
    plan: Plan,
    prepared: Prepared,
    root: Path,
    *,
    compilation: CompilationRecord | None = None,
    imported: str = "",
) -> RunDirectory:
    """The run folder, with everything that is known by now.

    Args:
        plan: The experiment.
        prepared: Its data and networks.
        root: Folder that holds the runs.
        compilation: How its training steps are compiled, where there are some.
        imported: The model file the run comes from, if it does.
    """
    experiment, splits = plan.experiment, prepared.splits
    git = provenance.git_state(plan.document.path.resolve().parent)
    record = RunRecord(
        name=experiment.name,
        description=experiment.description,
        seed=experiment.seed,
        command=provenance.command_line(),
        git=GitRecord(git.revision, git.dirty),
        versions=provenance.versions(),
        plugins=tuple(
            PluginRecord(plugin.name, plugin.source, provenance.digest_files(plugin.files))
            for plugin in plan.plugins_used()
        ),
        data=DataRecord(
            digest=provenance.digest_sample(prepared.sample),
            events=len(prepared.sample),
            train=len(splits.train),
            validation=len(splits.validation),
            test=len(splits.test),
        ),
        device=DeviceRecord(prepared.device.kind, prepared.device.name, prepared.device.visible),
        compilation=compilation or CompilationRecord(),
        imported=imported,
    )
    files: dict[str, str | bytes] = {"experiment.yaml": plan.document.text, **resolved_files(plan)}
    if git.diff:
        files["git.diff"] = git.diff
    return RunDirectory.create(root, record, files)


def resolved_files(plan: Plan) -> dict[str, str | bytes]:
    """The resolved experiment and every file it names beside the data, by their names in a run folder."""
    named = {f"plugins/{path.name}": path for path in plan.plugin_files} | plan.network_files()
    return {name: path.read_bytes() for name, path in named.items()} | {"resolved.yaml": config.dump(plan.resolved())}


@contextmanager
def timed(times: dict[str, float], phase: str) -> Iterator[None]:
    """Notes how long a phase took [s]."""
    started = time.monotonic()
    try:
        yield
    finally:
        times[phase] = round(time.monotonic() - started, 3)


@contextmanager
def recorded(directory: RunDirectory, times: Mapping[str, float]) -> Iterator[None]:
    """Records how a run ended, why, and how long its phases took, unless it has `finish`ed.

    Raises:
        RunDirectoryError: Instead of an OSError that names a file: a run writes only to those of its folder.
    """
    try:
        yield
    except BaseException as error:
        kinds: tuple[tuple[type[BaseException], str], ...] = (
            (DivergedError, "diverged"),
            (InterruptedRunError, "interrupted"),
            (KeyboardInterrupt, "interrupted"),
        )
        status = next((name for kind, name in kinds if isinstance(error, kind)), "failed")
        _record_end(directory, times, status=status, message=str(error) or type(error).__name__)
        if isinstance(error, OSError) and error.filename:
            raise failure(Path(error.filename), "cannot be written", error) from error
        raise


def finish(directory: RunDirectory, times: Mapping[str, float]) -> None:
    """Writes the report, then the status: a finished run has one.

    Raises:
        RunDirectoryError: If either cannot be written. The scores are there, and `resume` does what is left.
    """
    from runner.report.html import write_report

    ending: dict[str, Any] = {"status": "finished", "message": "", "finished": provenance.utc_now()}
    ending["timings"] = dict(times)
    write_report(directory, replace(directory.record, **ending))
    directory.update(**ending)


def _record_end(directory: RunDirectory, times: Mapping[str, float], *, status: str, message: str) -> None:
    log.error("%s: %s", status, message, extra={"only_file": True})
    try:
        directory.update(finished=provenance.utc_now(), timings=dict(times), status=status, message=message)
    except RunnerError as error:
        # What ended the run is told by the command, and on a full disk it is the same once more.
        log.error("the run's end could not be written: %s", error, extra={"only_file": True})
