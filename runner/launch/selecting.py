"""Which checkpoint is best: scored on validation events while a run is trained."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from runner import evaluation, provenance, seeds
from runner.api import Metric, Sample
from runner.errors import DataError, ExperimentError, Problem
from runner.evaluation import Available, Halves, ScoreCache, Yardstick, loaded, measure_all, with_floor
from runner.launch.preparing import Prepared
from runner.plan import Choice, Plan
from runner.run_directory import ScoreRow, ValidationRow

if TYPE_CHECKING:
    from runner.backend.sampling import Sampler

log = logging.getLogger("runner")


def make_judge(plan: Plan, prepared: Prepared, sampler: Sampler) -> Callable[[int], tuple[ValidationRow, ...]]:
    """What scores the networks in training, on validation events and always with the same latent vectors.

    It takes the training step and returns the scores of the metric that `training.keep_best` names; the headline is the
    score that decides. Conditions are those of as many training events, at most half of them; their real responses in
    the place of generated ones give the floor, but not to a metric that looks for copies of training events.

    Args:
        plan: The experiment; `keep_best` names one of its metrics.
        prepared: Data and networks.
        sampler: Generates.

    Raises:
        DataError: If there are fewer than two validation events.
        ExperimentError: If the metric has no score of that name, or one that is neither good nor bad.
    """
    name, _, score = (plan.experiment.training.keep_best or "").partition("/")
    (choice,) = (choice for choice in plan.metrics if choice.component.name == name)
    yardstick = _yardstick(plan, prepared, choice)
    copies = "training" in choice.component.uses  # of which training events in the model's place would be the best
    floored = yardstick.halvings and evaluation.has_floor(choice.component) and not copies
    floor = yardstick.floor(choice) if floored else {}
    halves = yardstick.halves(0)

    def rows(generated: Sample, step: int) -> list[ScoreRow]:
        seed, available = plan.experiment.seed, yardstick.available
        (measurement,) = measure_all([choice], halves.compared, generated, available, seed=seed).values()
        found = evaluation.rows(choice.component, measurement, step=step, events=len(generated))
        return [
            replace(with_floor(row, floor), headline=row.headline if not score else row.score == score) for row in found
        ]

    def judge(step: int) -> tuple[ValidationRow, ...]:
        measured = rows(sampler(halves.asked.conditions), step)
        (main,) = (row for row in measured if row.headline)
        log.info("step %d: %s/%s is %.4g on validation events", step, name, main.score, main.value)
        return tuple(
            ValidationRow(**{field: getattr(row, field) for field in ValidationRow.__dataclass_fields__})
            for row in measured
        )

    _check_decides(name, score, rows(halves.asked, 0))
    return judge


def _check_decides(metric: str, score: str, measured: Sequence[ScoreRow]) -> None:
    """Whether a checkpoint can be best by a score: seen from real events, before anything is trained."""
    key = "training.keep_best"
    found = next((row for row in measured if row.headline), None)
    if found is None:
        known = ", ".join(row.score for row in measured if row.better != "none")
        raise ExperimentError([Problem("", key, f"{metric} has no score {score!r}", f"take one of: {known}")])
    if found.better == "none":
        message = f"{metric}/{found.score} is neither good nor bad: no checkpoint is best by it"
        raise ExperimentError([Problem("", key, message, "choose by another score")])


def _yardstick(plan: Plan, prepared: Prepared, choice: Choice[Metric]) -> Yardstick:
    """Validation events against training events, as many of them, drawn again and again."""
    experiment, splits = plan.experiment, prepared.splits
    if len(splits.validation) < 2:
        found = len(splits.validation)
        raise DataError(f"training.keep_best: {found} validation events; use more events or another split.validation")
    training = loaded(splits.train)
    size = min(len(training), experiment.evaluation.events)
    validation = evaluation.real_events(splits.validation, size, experiment.data_seed)

    def halves(number: int) -> Halves:
        rng = seeds.generator(experiment.data_seed, "validation", number)
        asked = rng.permutation(len(training))[: min(len(validation), -(-len(training) // 2))]
        return Halves(validation, training.take(np.sort(asked)))

    return Yardstick(
        halves=halves,
        halvings=experiment.evaluation.halvings,
        seed=experiment.data_seed,
        available=Available(training, _as_whole(validation, choice)),
        data_digest=f"validation {provenance.digest_sample(validation)} training {provenance.digest_sample(training)}",
        code=evaluation.plugin_code(plan),
        cache=ScoreCache(),
    )


def _as_whole(validation: Sample, choice: Choice[Metric]) -> Sample | None:
    """A metric that is judged on all events is judged on validation events while choices are made."""
    return validation if choice.component.judged_on == "all" else None
