"""Scores and figures of a run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from runner import evaluation, provenance
from runner.api import Figure, Sample
from runner.errors import RunDirectoryError
from runner.evaluation import Available, Evaluation, Halves, ScoreCache, Yardstick
from runner.plan import Plan
from runner.report.progress import EvaluationProgress
from runner.run_directory import RunDirectory, ScoreFile, read_figures, write_figures

if TYPE_CHECKING:
    from rich.console import Console

log = logging.getLogger("runner")


def compared_events(plan: Plan, test: Sample) -> Sample:
    """Test events in memory, as many as are compared: all of them, or those that are drawn for two halves."""
    return evaluation.real_events(test, 2 * plan.experiment.evaluation.events, plan.experiment.data_seed)


def halves_of(plan: Plan, compared: Sample) -> Callable[[int], Halves]:
    """The compared events cut in two, by the number of the halving."""
    events, seed = plan.experiment.evaluation.events, plan.experiment.data_seed
    return lambda number: evaluation.halve(compared, events, seed, number)


def score(
    plan: Plan,
    directory: RunDirectory,
    compared: Sample,
    generated: Sample,
    available: Available,
    *,
    step: int,
    console: Console,
) -> Evaluation:
    """Scores, and the figures drawn beside them; the caller writes the scores.

    Args:
        plan: The experiment.
        directory: The run folder.
        compared: Test events; see `compared_events`.
        generated: Generated events, the first ones at the conditions that halving 0 asks for.
        available: What metrics use beside the two samples.
        step: Training step of the networks.
        console: Where progress is shown.
    """
    halves = halves_of(plan, compared)
    with EvaluationProgress(console) as progress:
        yardstick = Yardstick(
            halves=halves,
            halvings=plan.experiment.evaluation.halvings,
            seed=plan.experiment.data_seed,
            available=available,
            data_digest=provenance.digest_sample(compared),
            code=evaluation.plugin_code(plan),
            cache=ScoreCache(),
            tell=progress.tell,
        )
        found = evaluation.judge(plan, yardstick, generated, step=step)
    _draw(directory, halves(0), generated, found, step)
    for note in found.scores.notes:
        log.info(note)
    return found


def _draw(directory: RunDirectory, halves: Halves, generated: Sample, found: Evaluation, step: int) -> None:
    """Keeps the data of the figures and draws them; those of metrics that are not measured again stay for now."""
    from runner.report.figures.files import figures_of, write

    figures = {metric: measurement.figures for metric, measurement in found.measurements.items()}
    kept: dict[str, tuple[Figure, ...]] = {}
    with suppress(RunDirectoryError):  # a broken file is replaced
        kept = read_figures(directory)
    write_figures(directory, {**kept, **figures}, step=step)
    responses = halves, generated.take(slice(0, len(halves.asked)))
    write(directory, figures_of(directory, responses, figures), ("png",))


def keep_figures(directory: RunDirectory, scores: ScoreFile) -> None:
    """Drops the data of figures of metrics whose scores did not stay: they are of other events.

    Args:
        directory: The run folder.
        scores: The scores that it has now.
    """
    found = read_figures(directory)
    metrics = {row.metric for row in scores.rows}
    if not metrics.issuperset(found):
        kept = {metric: figures for metric, figures in found.items() if metric in metrics}
        write_figures(directory, kept, step=directory.record.model_step)
