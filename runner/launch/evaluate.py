"""A run scored again, from its folder."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path

from runner import config, provenance
from runner.api import Sample
from runner.errors import DataError
from runner.evaluation import Evaluation, evaluation_conditions, real_events, split
from runner.launch.loading import load
from runner.launch.restoring import restore
from runner.launch.scoring import score
from runner.plan import Plan, plan_run
from runner.plan.choosing import at
from runner.report.progress import log_file
from runner.run_directory import RunDirectory, ScoreFile, read_sample, read_scores, write_scores

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


def evaluate_run(directory: RunDirectory, request: Request) -> ScoreFile:
    """Scores a run again and replaces its scores and figures.

    The run's saved responses are used where they are what is asked for; otherwise its networks generate anew.
    Scores of metrics that are not measured again stay if they belong to the same events; if not, all old
    scores are kept as ``scores-previous.json``.

    Raises:
        ExperimentError: If the request does not fit the run.
        RunDirectoryError: If the run has no trained networks, or another process writes to it.
        DataError: From the data file.
        PluginError: From a metric.
    """
    plan = plan_run(directory, _overrides(directory, request), request.plugin_files)
    with directory.lock(), log_file(directory.log):
        log.info("evaluating %s again", directory.path)
        step = directory.record.model_step
        whole = _whole(plan, directory, request)
        test = _test_events(plan, directory, request, whole)
        settings = plan.experiment.evaluation
        real = real_events(test, settings.events, plan.experiment.data_seed)
        generated = _saved(directory, request, settings.events)
        if generated is None:
            sampler = restore(plan, directory, request.device, plan.experiment.seed)
            generated = sampler(evaluation_conditions(real, settings.events, plan.experiment.seed))
        old = read_scores(directory)
        evaluation = score(plan, directory, real, generated, step, whole)
        merged = _merge(directory, old, evaluation)
        write_scores(directory, merged)
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


def _whole(plan: Plan, directory: RunDirectory, request: Request) -> Sample | None:
    """The whole data set, where the request or a metric needs it."""
    if request.data is None and not any(choice.component.judged_on == "all" for choice in plan.metrics):
        return None
    sample = load(plan)
    for note in sample.notes:
        log.info("%s: %s", plan.dataset.name, note)
    if request.data is None and provenance.digest_sample(sample) != directory.record.data.digest:
        raise DataError(f"{directory.path}: the data set is not the one of the run any more; name it with --data")
    return sample


def _test_events(plan: Plan, directory: RunDirectory, request: Request, whole: Sample | None) -> Sample:
    if request.data is None or whole is None:
        return read_sample(directory.samples / "real.h5")
    return split(whole, plan.experiment.split, plan.experiment.data_seed).test


def _saved(directory: RunDirectory, request: Request, events: int) -> Sample | None:
    """The responses the run generated, if they were generated for the same conditions and are as many."""
    path = directory.samples / "generated.h5"
    if request.data is not None or not path.is_file():
        return None
    generated = read_sample(path)
    return generated if len(generated) == events else None


def _merge(directory: RunDirectory, old: ScoreFile | None, evaluation: Evaluation) -> ScoreFile:
    """New scores, and the old ones of other metrics where they are of the same events."""
    new = evaluation.scores
    if old is None:
        return new
    measured = set(evaluation.measurements)
    events = {(row.step, row.events) for row in new.rows}
    kept = tuple(row for row in old.rows if row.metric not in measured)
    if old.data_digest == new.data_digest and all((row.step, row.events) in events for row in kept):
        notes = tuple(note for note in old.notes if note.partition(":")[0] not in measured)
        return replace(new, rows=(*kept, *new.rows), notes=(*notes, *new.notes))
    log.info("the old scores are of other events; they are kept in %s", directory.set_scores_aside())
    return new
