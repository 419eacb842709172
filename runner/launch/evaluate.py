"""A run scored again, from its folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from runner import config, provenance
from runner.api import Sample
from runner.errors import DataError, RunnerError
from runner.evaluation import Available, Evaluation, asked_conditions, loaded, split
from runner.launch.loading import load
from runner.launch.restoring import restore
from runner.launch.scoring import compared_events, halves_of, keep_figures, score
from runner.launch.trained import trained_model, uses_model
from runner.plan import Plan, plan_run
from runner.plan.choosing import at
from runner.report.html import write_report
from runner.report.progress import log_file
from runner.run_directory import (
    ReferenceScores,
    RunDirectory,
    ScoreFile,
    ScoreRow,
    read_sample,
    read_scores,
    write_scores,
)

if TYPE_CHECKING:
    from rich.console import Console

log = logging.getLogger("runner")


@dataclass(frozen=True)
class Request:
    """What is to be done differently from the run's own evaluation.

    Attributes:
        metrics: Names of metrics; none for those of the run.
        data: Another data file, read by the run's data set; its test part is used.
        events: Number of responses to generate.
        plugin_files: Python files with further plugins.
        device: Where responses are generated, if they have to be.
    """

    metrics: tuple[str, ...] = ()
    data: Path | None = None
    events: int | None = None
    plugin_files: tuple[Path, ...] = ()
    device: str = "auto"


def evaluate_run(directory: RunDirectory, request: Request, console: Console) -> ScoreFile:
    """Scores a run again and replaces its scores and figures.

    The run's saved responses are used where they are what is asked for; otherwise its networks generate anew.
    Scores and figures of metrics that are not measured again stay if they belong to the same events; if
    not, all old scores are kept as ``scores-previous.json``, and the data of their figures are dropped.

    Args:
        directory: The run.
        request: What is to be different.
        console: Where progress is shown.

    Raises:
        ExperimentError: If the request does not fit the run.
        RunDirectoryError: If the run has no trained networks, or another process writes to it.
        DataError: From the data file.
        PluginError: From a metric.
    """
    plan = plan_run(directory, _overrides(directory, request), request.plugin_files)
    with directory.lock(), log_file(directory.log):
        log.info("evaluating %s again", directory.path)
        settings, seed = plan.experiment.evaluation, plan.experiment.seed
        plan, whole, training = _with_data(plan, directory, request)
        compared = compared_events(plan, _test_events(plan, directory, request, whole))
        asked = halves_of(plan, compared)(0).asked
        generated = _saved(directory, request, settings.events, asked)
        model = None
        if generated is None or uses_model(plan):
            restored = restore(plan, directory, request.device, seed)
            model = trained_model(plan, directory, restored) if uses_model(plan) else None
            generated = generated or restored.sampler(asked_conditions(asked, compared, settings.events, seed))
        old = read_scores(directory)
        available = Available(training, whole, model)
        step = directory.record.model_step
        evaluation = score(plan, directory, compared, generated, available, step=step, console=console)
        merged = _merge(directory, old, evaluation, {"test": len(asked), "all": len(generated)})
        write_scores(directory, merged)
        keep_figures(directory, merged)
        write_report(directory)
    return merged


def _overrides(directory: RunDirectory, request: Request) -> list[str]:
    """The request in the words of ``--set``; a metric of the run keeps its parameters."""
    overrides = ["training.keep_best=null", "callbacks=[]"]
    if request.metrics:
        # as they stand in the file: those that are not asked for may be gone, with their plugins
        listed = at(config.read(directory.resolved, alone=True).data, ("evaluation", "metrics")) or []
        own = {metric["name"]: metric for metric in listed if isinstance(metric, dict) and "name" in metric}
        chosen = [own.get(name, name) for name in request.metrics]
        overrides.append(f"evaluation.metrics={json.dumps(chosen)}")
    if request.events is not None:
        overrides.append(f"evaluation.events={request.events}")
    if request.data is not None:
        if not request.data.is_file():
            raise DataError(f"{request.data}: no such file")
        overrides.append(f"dataset.path={json.dumps(str(request.data.resolve()))}")
    return overrides


def _with_data(plan: Plan, directory: RunDirectory, request: Request) -> tuple[Plan, Sample | None, Sample | None]:
    """The whole data set and the events trained on, where they are needed; no reference where the latter are gone."""
    metrics = [choice.component for choice in plan.metrics]
    on_all = request.data is not None or any(metric.judged_on == "all" for metric in metrics)
    whole = load(plan) if on_all else None
    if whole is not None:
        for note in whole.notes:
            log.info("%s: %s", plan.dataset.name, note)
        if request.data is None:
            _check_own(whole, directory)
    uses_training = any("training" in metric.uses for metric in metrics)
    if not uses_training and not plan.references:
        return plan, whole, None
    try:
        own = whole if whole is not None and request.data is None else _own_data(directory, request)
    except RunnerError as error:
        if uses_training:
            raise
        log.warning("references are not scored, for want of the events trained on: %s", error)
        return replace(plan, references=()), whole, None
    return plan, whole, loaded(split(own, plan.experiment.split, plan.experiment.data_seed).train)


def _own_data(directory: RunDirectory, request: Request) -> Sample:
    """The data set the run was trained on, whatever other events it is judged on."""
    sample = load(plan_run(directory, _overrides(directory, replace(request, data=None)), request.plugin_files))
    _check_own(sample, directory)
    return sample


def _check_own(sample: Sample, directory: RunDirectory) -> None:
    if provenance.digest_sample(sample) != directory.record.data.digest:
        raise DataError(f"{directory.path}: the data set is not the one of the run any more; name it with --data")


def _test_events(plan: Plan, directory: RunDirectory, request: Request, whole: Sample | None) -> Sample:
    if request.data is None or whole is None:
        return read_sample(directory.samples / "real.h5")
    return split(whole, plan.experiment.split, plan.experiment.data_seed).test


def _saved(directory: RunDirectory, request: Request, events: int, asked: Sample) -> Sample | None:
    """The responses the run generated, if they were generated for the same conditions and are as many."""
    path = directory.samples / "generated.h5"
    if request.data is not None or not path.is_file():
        return None
    generated = read_sample(path)
    same = np.array_equal(generated.conditions[: len(asked)], asked.conditions)
    return generated if len(generated) == events and same else None


def _merge(
    directory: RunDirectory, old: ScoreFile | None, evaluation: Evaluation, events: Mapping[str, int]
) -> ScoreFile:
    """New scores, and the old ones of other metrics where they are of the same events.

    Args:
        directory: The run; gets scores that do not go together with the new ones as a file of their own.
        old: The scores it had.
        evaluation: The new ones.
        events: Number of generated events by the part of the data that metrics are judged on.
    """
    new, measured = evaluation.scores, set(evaluation.measurements)
    if old is None:
        return new
    kept = tuple(row for row in old.rows if row.metric not in measured)
    same = all((row.step, row.events) == (directory.record.model_step, events.get(row.split)) for row in kept)
    if old.data_digest != new.data_digest or not same:
        log.info("the old scores are of other events; they are kept in %s", directory.set_scores_aside())
        return new
    return replace(
        new,
        rows=(*kept, *new.rows),
        notes=(*(note for note in old.notes if note.partition(":")[0] not in measured), *new.notes),
        references=_merged_references(old, new, measured),
        sensitivity=(*(found for found in old.sensitivity if found.metric not in measured), *new.sensitivity),
    )


def _merged_references(old: ScoreFile, new: ScoreFile, measured: set[str]) -> tuple[ReferenceScores, ...]:
    rows: dict[str, tuple[ScoreRow, ...]] = {}
    for reference in old.references:
        rows[reference.name] = tuple(row for row in reference.rows if row.metric not in measured)
    for reference in new.references:
        rows[reference.name] = (*rows.get(reference.name, ()), *reference.rows)
    return tuple(ReferenceScores(name=name, rows=found) for name, found in rows.items() if found)
