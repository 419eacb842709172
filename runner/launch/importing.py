"""A run made of a network that was trained elsewhere."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from runner.launch.judging import judge
from runner.launch.preparing import create, finish, prepare, recorded, timed
from runner.plan import Plan
from runner.report.progress import log_file
from runner.run_directory import RunDirectory, ScoreFile

if TYPE_CHECKING:
    from rich.console import Console

log = logging.getLogger("runner")


def import_model(plan: Plan, root: Path, source: Path, console: Console) -> tuple[RunDirectory, ScoreFile]:
    """A finished run of no training steps, scored like any other.

    Args:
        plan: An experiment with a network that is read from a file; nothing is trained.
        root: Folder that holds the runs.
        source: That file, for the record; a copy is kept in the run folder.
        console: Where progress is shown.

    Raises:
        RunnerError: From the file, the data set, a metric or the run folder.
    """
    from runner.backend import keras_h5
    from runner.backend.sampling import Sampler

    times: dict[str, float] = {}
    with timed(times, "preparation"):
        prepared = prepare(plan)
    directory = create(plan, prepared, root, imported=str(source.resolve()))
    with directory.lock(), log_file(directory.log), recorded(directory, times):
        log.info("run folder %s", directory.path)
        for role in plan.strategy.component.generating or tuple(plan.networks):
            keras_h5.save_network(directory.model / f"{role}.h5", prepared.built.networks[role])
        with timed(times, "evaluation"):
            sampler = Sampler(prepared.built.model, prepared.transform, plan.experiment.seed)
            evaluation = judge(plan, directory, prepared, sampler, 0, console)
        finish(directory, times)
    return directory, evaluation.scores
