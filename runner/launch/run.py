"""One run from the first event read to the last score written."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner import config, provenance
from runner.api import CallbackContext, Sample
from runner.errors import DivergedError, InterruptedRunError, PluginError, RunnerError
from runner.evaluation import Evaluation, Splits, evaluation_conditions, real_events, split
from runner.launch.loading import load
from runner.launch.scoring import score
from runner.plan import Plan
from runner.report.progress import TrainingProgress, log_file
from runner.run_directory import (
    DataRecord,
    DeviceRecord,
    GitRecord,
    HistoryWriter,
    PluginRecord,
    RunDirectory,
    RunRecord,
    ScoreFile,
    write_sample,
    write_scores,
)
from runner.signals import stop_on_signals
from runner.transforms import FittedTransform

if TYPE_CHECKING:
    from rich.console import Console

    from runner.backend.device import DeviceInfo
    from runner.backend.training import Trainer

log = logging.getLogger("runner")

_SECONDS_BETWEEN_WRITES = 5.0
"""How old the losses on disk may be while a run goes on."""


@dataclass(frozen=True)
class _Prepared:
    """All that a run needs before its folder is made."""

    device: DeviceInfo
    sample: Sample
    splits: Splits
    transform: FittedTransform
    trainer: Trainer


def run(plan: Plan, root: Path, console: Console) -> tuple[RunDirectory, ScoreFile]:
    """Trains, evaluates and records an experiment.

    Args:
        plan: The experiment.
        root: Folder that holds the runs.
        console: Where progress is shown.

    Raises:
        InterruptedRunError: If asked to stop; a checkpoint has been written.
        DivergedError: If a loss became NaN or infinite.
        RunnerError: Whatever else goes wrong. The run's status says so in each case.
    """
    times: dict[str, float] = {}
    with _timed(times, "preparation"):
        prepared = _prepare(plan)
    directory = _create(plan, prepared, root)
    with directory.lock(), log_file(directory.log), _status(directory, times):
        log.info("run folder %s", directory.path)
        for note in prepared.sample.notes:
            log.info("%s: %s", plan.dataset.name, note)
        callbacks = _Callbacks(plan, directory, prepared.trainer)
        with _timed(times, "training"):
            _train(plan, directory, prepared.trainer, callbacks, console)
        with _timed(times, "evaluation"):
            evaluation = _judge(plan, directory, prepared)
            callbacks.tell("on_test_end", _by_name(evaluation.scores))
        directory.update(status="finished")
    return directory, evaluation.scores


def _prepare(plan: Plan) -> _Prepared:
    log.info("loading TensorFlow")
    from runner.backend import device as devices
    from runner.backend.building import build
    from runner.backend.training import Trainer

    experiment, seed = plan.experiment, plan.experiment.seed
    device = devices.configure(experiment.device, seed)
    log.info("device: %s", device.name)
    sample = load(plan)
    splits = split(sample, experiment.split, experiment.data_seed)
    transform = FittedTransform.fit(plan.transform, splits.train)
    built = build(plan, transform.describe(), seed)
    trainer = Trainer(built, splits.train, transform, batch_size=experiment.training.batch_size, seed=seed)
    return _Prepared(device, sample, splits, transform, trainer)


def _create(plan: Plan, prepared: _Prepared, root: Path) -> RunDirectory:
    """The run folder, with everything known before training."""
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
    )
    files = {"experiment.yaml": plan.document.text, "resolved.yaml": config.dump(plan.resolved())}
    if git.diff:
        files["git.diff"] = git.diff
    for path in plan.plugin_files:
        files[f"plugins/{path.name}"] = path.read_text(encoding="utf-8")
    return RunDirectory.create(root, record, files)


@contextmanager
def _timed(times: dict[str, float], phase: str) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    finally:
        times[phase] = round(time.monotonic() - started, 3)


@contextmanager
def _status(directory: RunDirectory, times: Mapping[str, float]) -> Iterator[None]:
    """Records how a run ended, and why."""
    try:
        yield
    except BaseException as error:
        kinds: tuple[tuple[type[BaseException], str], ...] = (
            (DivergedError, "diverged"),
            (InterruptedRunError, "interrupted"),
            (KeyboardInterrupt, "interrupted"),
        )
        status = next((name for kind, name in kinds if isinstance(error, kind)), "failed")
        message = str(error) or type(error).__name__
        log.error("%s: %s", status, message, extra={"only_file": True})
        try:
            directory.update(status=status, message=message)
        except RunnerError as second:
            log.error("the run's status could not be written: %s", second)
        raise
    finally:
        _record_end(directory, times)


def _record_end(directory: RunDirectory, times: Mapping[str, float]) -> None:
    try:
        directory.update(finished=provenance.utc_now(), timings=dict(times))
    except RunnerError as error:
        log.error("the run's end could not be written: %s", error)


def _train(plan: Plan, directory: RunDirectory, trainer: Trainer, callbacks: _Callbacks, console: Console) -> None:
    from runner.backend import checkpoints, keras_h5

    training = plan.experiment.training
    history = HistoryWriter(directory)
    written = time.monotonic()
    with TrainingProgress(console, training.steps) as progress, stop_on_signals() as should_stop:

        def on_block(first: int, losses: Mapping[str, Any]) -> None:
            nonlocal written
            history.append(first, losses)
            if time.monotonic() - written > _SECONDS_BETWEEN_WRITES:
                history.flush()
                written = time.monotonic()
            last = {name: float(values[-1]) for name, values in losses.items()}
            step = first + len(next(iter(losses.values()))) - 1
            progress.update(step, last)
            callbacks.tell("on_train_batch_end", step, last)

        def on_checkpoint(step: int) -> None:
            history.flush()
            checkpoints.save(directory.checkpoints / f"step-{step:09d}.h5", trainer)
            directory.update(steps=step)

        callbacks.tell("on_train_begin")
        try:
            done = trainer.run(
                steps=training.steps,
                block=training.block,
                checkpoint_every=training.checkpoint_every,
                on_block=on_block,
                on_checkpoint=on_checkpoint,
                should_stop=should_stop,
            )
        finally:
            history.flush()
        callbacks.tell("on_train_end")
    if not done:
        raise InterruptedRunError(f"{directory.path}: interrupted at step {trainer.step}; its checkpoint is kept")
    history.merge()
    for role, network in trainer.built.networks.items():
        keras_h5.save_network(directory.model / f"{role}.h5", network)


class _Callbacks:
    """The experiment's callbacks, which must not break a run without saying who did."""

    def __init__(self, plan: Plan, directory: RunDirectory, trainer: Trainer) -> None:
        context = CallbackContext(directory.path, plan.experiment.name, plan.experiment.training.steps)
        self._built: dict[str, Any] = {}
        for choice in plan.callbacks:
            callback = choice.component.build(choice.params, context)
            callback.set_model(trainer.built.model)
            self._built[choice.name] = callback

    def tell(self, event: str, *arguments: Any) -> None:
        """Calls one method of all of them.

        Raises:
            PluginError: If one fails.
        """
        for name, callback in self._built.items():
            try:
                getattr(callback, event)(*arguments)
            except Exception as error:
                raise PluginError(f"callback {name}: {event} failed: {type(error).__name__}: {error}") from error


def _judge(plan: Plan, directory: RunDirectory, prepared: _Prepared) -> Evaluation:
    """Generates at the test events' conditions, and scores."""
    from runner.backend.sampling import generate

    experiment = plan.experiment
    prepared.transform.save(directory.model / "transform.h5")
    real = real_events(prepared.splits.test, experiment.evaluation.events, experiment.data_seed)
    conditions = evaluation_conditions(real, experiment.evaluation.events, experiment.seed)
    generated = generate(prepared.trainer.built.model, prepared.transform, conditions, experiment.seed)
    write_sample(directory.samples / "real.h5", prepared.splits.test)
    write_sample(directory.samples / "generated.h5", generated, seed=experiment.seed, step=prepared.trainer.step)
    evaluation = score(plan, directory, real, generated, prepared.trainer.step)
    write_scores(directory, evaluation.scores)
    return evaluation


def _by_name(scores: ScoreFile) -> dict[str, float]:
    return {f"{row.metric}/{row.score}": row.value for row in scores.rows}
