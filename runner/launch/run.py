"""One run from the first event read to the last score written."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.api import Callback, CallbackContext
from runner.errors import InterruptedRunError, RunnerError
from runner.launch.judging import judge
from runner.launch.preparing import Prepared, create, finish, prepare, recorded, timed
from runner.launch.selecting import make_judge
from runner.plan import Choice, Plan
from runner.report.progress import TrainingProgress, log_file
from runner.run_directory import (
    CompilationRecord,
    HistoryWriter,
    RunDirectory,
    ScoreFile,
    add_validation,
    best_checkpoint,
    checkpoint_path,
    keep_checkpoint,
    read_history,
)
from runner.signals import Stop, Stopped, stop_on_signals

if TYPE_CHECKING:
    from rich.console import Console

    from runner.backend.sampling import Sampler
    from runner.backend.training import Trainer

log = logging.getLogger("runner")

_SECONDS_BETWEEN_WRITES = 5.0
"""How old the losses on disk may be while a run goes on."""

_PREVIEW = 10
"""Responses in the gallery that is drawn at every checkpoint."""


def run(plan: Plan, root: Path, console: Console) -> tuple[RunDirectory, ScoreFile]:
    """Trains, evaluates and records an experiment.

    Args:
        plan: The experiment.
        root: Folder that holds the runs.
        console: Where progress is shown.

    Raises:
        InterruptedRunError: If asked to stop; a checkpoint has been written, of the last step if it was reached.
        DivergedError: If a loss became NaN or infinite.
        RunnerError: Whatever else goes wrong. The run's status says so in each case.
    """
    times: dict[str, float] = {}
    with timed(times, "preparation"):
        prepared = prepare(plan)
        trainer, sampler, compilation = make_trainer(plan, prepared)
    plan = plan.compiled(compilation.jit_compile)
    directory = create(plan, prepared, root, compilation=compilation)
    with directory.lock(), log_file(directory.log), recorded(directory, times):
        log.info("run folder %s", directory.path)
        log.info("compiled %s XLA: %s", "with" if compilation.jit_compile else "without", compilation.reason)
        for note in prepared.sample.notes:
            log.info("%s: %s", plan.dataset.name, note)
        scores = complete(plan, directory, prepared, trainer, sampler, console, times)
    return directory, scores


def complete(
    plan: Plan,
    directory: RunDirectory,
    prepared: Prepared,
    trainer: Trainer,
    sampler: Sampler,
    console: Console,
    times: dict[str, float],
) -> ScoreFile:
    """Trains from the trainer's step to the last one, and scores.

    Args:
        plan: The experiment.
        directory: The run folder, locked.
        prepared: Data and networks.
        trainer: The networks in training.
        sampler: Generates with them.
        console: Where progress is shown.
        times: Gets the duration of each phase [s].

    Raises:
        RunnerError: As of `run`.
    """
    callbacks = _Callbacks(plan, directory, trainer)
    try:
        with stop_on_signals() as stop:
            with timed(times, "training"):
                _train(plan, directory, prepared, trainer, sampler, callbacks, console, stop)
            stop.at_once()  # the last step's checkpoint is there, so that an evaluation is only begun anew
            with timed(times, "evaluation"):
                _keep_trained(plan, directory, trainer)
                evaluation = judge(plan, directory, prepared, sampler, trainer.step, console)
                callbacks.tell("on_test_end", _by_name(evaluation.scores))
            finish(directory, times)
    except Stopped:
        step, advice = directory.record.steps, f"go on with: runner resume {directory.path}"
        raise InterruptedRunError(f"{directory.path}: interrupted at step {step}; {advice}") from None
    return evaluation.scores


def make_trainer(plan: Plan, prepared: Prepared) -> tuple[Trainer, Sampler, CompilationRecord]:
    """The networks in training, what generates with them, and how the training steps are compiled."""
    from runner.backend import compiling
    from runner.backend.sampling import Sampler
    from runner.backend.training import Trainer

    seed, training = plan.experiment.seed, plan.experiment.training

    def trainer(jit_compile: bool) -> Trainer:
        return Trainer(
            prepared.built,
            prepared.splits.train,
            prepared.transform,
            batch_size=training.batch_size,
            seed=seed,
            jit_compile=jit_compile,
        )

    with plan.strategy.blamed("a training step with these networks and losses"):
        if training.jit_compile == "auto":
            made, record = compiling.trial(trainer, training.steps)
        else:
            made = trainer(training.jit_compile)
            record = CompilationRecord(training.jit_compile, "as the experiment says")
    return made, Sampler(prepared.built.model, prepared.transform, seed), record


def _train(
    plan: Plan,
    directory: RunDirectory,
    prepared: Prepared,
    trainer: Trainer,
    sampler: Sampler,
    callbacks: _Callbacks,
    console: Console,
    stop: Stop,
) -> None:
    from runner.backend import checkpoints

    training = plan.experiment.training
    validated = make_judge(plan, prepared, sampler) if training.keep_best else None
    history = HistoryWriter(directory)
    history.cut(trainer.step)
    written = time.monotonic()
    with TrainingProgress(console, training.steps, trainer.step) as progress:

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
            checkpoints.save(checkpoint_path(directory, step), trainer)
            # where a run happens to be interrupted must not decide which checkpoint is best
            planned = step % training.checkpoint_every == 0 or step == training.steps
            rows = validated(step) if validated and planned else ()
            shortfall = next((row.shortfall for row in rows if row.headline), None)
            keep_checkpoint(directory, step, last=training.keep_last, every=training.keep_every, shortfall=shortfall)
            directory.update(steps=step)
            if rows:
                add_validation(directory, rows)
            _preview(directory, callbacks.context.gallery(step), prepared, sampler, step)
            callbacks.tell("on_epoch_end", step, {f"{row.metric}/{row.score}": row.value for row in rows})

        callbacks.tell("on_train_begin")
        try:
            trainer.run(
                steps=training.steps,
                block=training.block,
                checkpoint_every=training.checkpoint_every,
                on_block=on_block,
                on_checkpoint=on_checkpoint,
                should_stop=stop.asked,
            )
        except BaseException:
            with suppress(RunnerError):  # the error on its way says more
                history.flush()
            raise
        history.flush()
        callbacks.tell("on_train_end")


def _keep_trained(plan: Plan, directory: RunDirectory, trainer: Trainer) -> None:
    """The losses in one file, and the networks of the last step or the best checkpoint in Keras' own."""
    from runner.backend import checkpoints, keras_h5

    HistoryWriter(directory).merge()
    best = best_checkpoint(directory) if plan.experiment.training.keep_best else None
    if best is not None:
        checkpoints.restore(best, trainer)
        log.info("the best checkpoint is that of step %d", trainer.step)
    for role, network in trainer.built.networks.items():
        keras_h5.save_network(directory.model / f"{role}.h5", network)
    directory.update(model_step=trainer.step)


def _preview(directory: RunDirectory, path: Path, prepared: Prepared, sampler: Sampler, step: int) -> None:
    """The losses so far, and responses of the same latent vectors and conditions at every checkpoint."""
    from runner.report import figures

    history = read_history(directory, figures.MOST_STEPS)
    losses = figures.loss_curves(history.step, history.losses)
    figures.save(losses, directory.figures / "losses.png")  # makes the folder of both
    real = prepared.splits.test.take(slice(_PREVIEW)).loaded()
    responses = figures.gallery(real, sampler(real.conditions), generated_title=f"generated at step {step:,}")
    figures.save(responses, path)


class _Callbacks:
    """The experiment's callbacks, which must not break a run without saying who did."""

    def __init__(self, plan: Plan, directory: RunDirectory, trainer: Trainer) -> None:
        self.context = CallbackContext(directory.path, plan.experiment.name, plan.experiment.training.steps)
        self._built: list[tuple[Choice[Callback], Any]] = []
        for choice in plan.callbacks:
            with choice.blamed("build"):
                callback = choice.component.build(choice.params, self.context)
                callback.set_model(trainer.built.model)
            self._built.append((choice, callback))

    def tell(self, event: str, *arguments: Any) -> None:
        """Calls one method of all of them.

        Raises:
            PluginError: If one fails.
        """
        for choice, callback in self._built:
            with choice.blamed(event):
                getattr(callback, event)(*arguments)


def _by_name(scores: ScoreFile) -> dict[str, float]:
    return {f"{row.metric}/{row.score}": row.value for row in scores.rows}
