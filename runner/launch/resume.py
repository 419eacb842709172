"""An interrupted run, continued to the same bits."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner import provenance
from runner.errors import DataError, ExperimentError, Problem
from runner.launch.preparing import Prepared, prepare, recorded, resolved_files, timed
from runner.launch.run import complete, make_trainer
from runner.plan import Plan, plan_run
from runner.report.progress import log_file
from runner.run_directory import (
    DeviceRecord,
    ResumeRecord,
    RunDirectory,
    RunRecord,
    ScoreFile,
    forget_shortfalls,
    newest_checkpoint,
    write_atomic,
)

if TYPE_CHECKING:
    from rich.console import Console

log = logging.getLogger("runner")

CHANGEABLE = (
    "training.steps",
    "training.checkpoint_every",
    "training.keep_last",
    "training.keep_every",
    "dataset.path",
    "device",
    "threads",
    "gpu_memory",
    "callbacks",
    "plugins",
)
"""What may be different after a resumption: it changes no bit of a step. The data themselves are compared."""

_DECIDES_THE_BEST = ("training.keep_best", "training.checkpoint_every", "evaluation.", "split.", "dataset.", "seed")


@dataclass(frozen=True)
class ResumeRequest:
    """How a run goes on.

    Attributes:
        overrides: As of ``--set``.
        force: Whether other parameters than `CHANGEABLE` may change.
        plugin_files: Python files with further plugins.
    """

    overrides: tuple[str, ...] = ()
    force: bool = False
    plugin_files: tuple[Path, ...] = ()


def resume(directory: RunDirectory, request: ResumeRequest, console: Console) -> ScoreFile:
    """Continues a run from its newest checkpoint that is whole, or from the start if there is none.

    On a CPU the run ends with the same weights, losses, samples and scores as one that was never stopped.

    Args:
        directory: The run.
        request: What is to be different.
        console: Where progress is shown.

    Raises:
        ExperimentError: If the run has finished, or a parameter changes that may not.
        DataError: If the data are not those of the run any more.
        RunDirectoryError: If another process writes to the run, or a checkpoint does not fit.
        RunnerError: As of `run`.
    """
    with directory.lock(), log_file(directory.log):
        plan = plan_run(directory, request.overrides, request.plugin_files)
        changes = _changes(directory, plan, request.force)
        _check_unfinished(directory, plan)
        times: dict[str, float] = {}
        with timed(times, "preparation"):
            prepared = prepare(plan)
            if provenance.digest_sample(prepared.sample) != directory.record.data.digest:
                raise DataError(f"{directory.path}: the data set is not the one of the run any more")
            trainer, sampler, compilation = make_trainer(plan, prepared)
            plan = plan.compiled(compilation.jit_compile)
            checkpoint = newest_checkpoint(directory)
            if checkpoint is not None:
                from runner.backend import checkpoints

                checkpoints.restore(checkpoint, trainer)
                _check_steps(directory, trainer.step, plan)
        log.info("going on from step %d: %s", trainer.step, checkpoint or "there is no checkpoint")
        with recorded(directory, times):
            _reopen(directory, plan, prepared, trainer.step, changes)
            return complete(plan, directory, prepared, trainer, sampler, console, times)


def _changes(directory: RunDirectory, plan: Plan, force: bool) -> tuple[str, ...]:
    """Parameters that differ from the run's, as ``KEY=VALUE``.

    Raises:
        ExperimentError: With all that may not change, unless forced.
    """
    before, after = (dict(_leaves(tree)) for tree in (plan_run(directory).resolved(), plan.resolved()))
    changed = {key: after.get(key) for key in {**before, **after} if before.get(key) != after.get(key)}
    chosen = plan.experiment.training.keep_best  # at which steps is then no small matter
    refused = [key for key in changed if not _changeable(key) or (chosen and key == "training.checkpoint_every")]
    if refused and not force:
        advice = f"start a new run, or change it all the same with --force; free to change: {', '.join(CHANGEABLE)}"
        was = {key: f"is {json.dumps(before.get(key))} in this run" for key in refused}
        raise ExperimentError(
            [Problem("", key, f"{was[key]} and cannot become {json.dumps(changed[key])}", advice) for key in refused]
        )
    return tuple(f"{key}={json.dumps(value)}" for key, value in changed.items())


def _changeable(key: str) -> bool:
    return any(key == allowed or key.startswith(f"{allowed}.") for allowed in CHANGEABLE)


def _leaves(tree: Any, key: Sequence[str] = ()) -> Iterator[tuple[str, Any]]:
    """Single values of a tree by their dotted keys; an empty list or mapping is one, too."""
    children: Mapping[Any, Any] = {}
    if isinstance(tree, Mapping):
        children = tree
    elif isinstance(tree, (list, tuple)):
        children = dict(enumerate(tree))
    if not children:
        yield ".".join(key), tree
    for name, child in children.items():
        yield from _leaves(child, (*key, str(name)))


def _check_unfinished(directory: RunDirectory, plan: Plan) -> None:
    record = directory.record
    if record.imported:
        raise ExperimentError(f"{directory.path}: was imported, so that there is no training to go on with")
    if record.status == "finished" and record.steps == plan.experiment.training.steps:
        raise ExperimentError(f"{directory.path}: has finished; to go on, give it more steps: --set training.steps=N")
    _check_steps(directory, record.steps, plan)


def _check_steps(directory: RunDirectory, done: int, plan: Plan) -> None:
    wanted = plan.experiment.training.steps
    if done > wanted:
        raise ExperimentError(f"{directory.path}: has done {done} steps already, and {wanted} are fewer")


def _reopen(directory: RunDirectory, plan: Plan, prepared: Prepared, step: int, changes: tuple[str, ...]) -> None:
    """Records that the run goes on, in this process."""
    record, now = directory.record, provenance.utc_now()
    if record.versions != provenance.versions():
        log.warning("packages have other versions than when the run began; the same bits are not promised")
    if changed := _changed_plugins(record, plan):
        log.warning("changed since the run began: plugin %s; the same bits are not promised", ", ".join(changed))
    # first, so that what is interrupted in between goes on, with its changes on record
    directory.update(
        status="running",
        message="",
        started=now,
        finished="",
        steps=step,
        host=provenance.host(),
        pid=os.getpid(),
        process=provenance.process(os.getpid()),
        device=DeviceRecord(prepared.device.kind, prepared.device.name, prepared.device.visible),
        resumed=(*record.resumed, ResumeRecord(now, step, changes)),
    )
    directory.set_scores_aside()
    networks = (directory.model / f"{role}.h5" for role in plan.networks)
    for old in (directory.report, directory.samples / "generated.h5", *networks):
        old.unlink(missing_ok=True)  # they are of an earlier step
    if any(change.startswith(_DECIDES_THE_BEST) for change in changes):
        forget_shortfalls(directory)
    if changes:
        for name, content in resolved_files(plan).items():
            write_atomic(directory.path / name, content)
        log.info("changed: %s", ", ".join(changes))


def _changed_plugins(record: RunRecord, plan: Plan) -> list[str]:
    """Plugins whose files are not those that the run began with."""
    began = {plugin.name: plugin.digest for plugin in record.plugins}
    now = {plugin.name: provenance.digest_files(plugin.files) for plugin in plan.plugins_used()}
    return [name for name, digest in now.items() if began.get(name, digest) != digest]
