"""Scores and figures of a run."""

from __future__ import annotations

import logging

from runner import provenance
from runner.api import Sample
from runner.evaluation import Evaluation, evaluate
from runner.plan import Plan
from runner.run_directory import RunDirectory, read_history

log = logging.getLogger("runner")


def score(
    plan: Plan, directory: RunDirectory, real: Sample, generated: Sample, step: int, whole: Sample | None
) -> Evaluation:
    """Scores, and the figures drawn beside them; the caller writes the scores.

    Args:
        plan: The experiment.
        directory: The run folder.
        real: Test events.
        generated: Generated events.
        step: Training step of the networks.
        whole: The whole data set, for metrics that are judged on all of it; None where no metric is.
    """
    from runner.report import figures

    evaluation = evaluate(
        plan.metrics,
        real,
        generated,
        whole=whole,
        seed=plan.experiment.seed,
        step=step,
        data_digest=provenance.digest_sample(real),
    )
    folder = directory.figures
    figures.gallery(folder / "gallery.png", real, generated)
    figures.mean_response(folder / "mean_response.png", real, generated)
    history = read_history(directory, figures.MOST_STEPS)
    if len(history.step):
        figures.loss_curves(folder / "losses.png", history.step, history.losses)
    for metric, measurement in evaluation.measurements.items():
        for figure in measurement.figures:
            figures.draw(folder / metric / f"{figure.name}.png", figure)
    for note in evaluation.scores.notes:
        log.info(note)
    return evaluation
