"""A model's responses judged: scores, floors, references and what the metrics are able to see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from runner.api import Measurement, Sample
from runner.evaluation.faults import FAULTS, SIZES
from runner.evaluation.measuring import has_floor, measure_all, notes, rows
from runner.evaluation.yardstick import Yardstick, with_floor
from runner.plan import Plan
from runner.run_directory import ReferenceScores, ScoreFile, ScoreRow, Sensitivity


@dataclass(frozen=True)
class Evaluation:
    """What the metrics found.

    Attributes:
        scores: The numbers.
        measurements: By metric, with the data of its figures.
    """

    scores: ScoreFile
    measurements: Mapping[str, Measurement]


def judge(plan: Plan, yardstick: Yardstick, generated: Sample, *, step: int) -> Evaluation:
    """Scores of generated against real responses, beside what real responses score.

    Args:
        plan: Metrics, references, seed and what is to be measured.
        yardstick: The real events.
        generated: Generated events, cut at the detection threshold; the first ones at the conditions that the
            yardstick's halving 0 asks for.
        step: Training step of the networks.

    Raises:
        PluginError: If a metric or a reference fails.
    """
    compared = yardstick.halves(0).compared
    measurements = measure_all(
        plan.metrics, compared, generated, yardstick.available, seed=plan.experiment.seed, tell=yardstick.tell
    )
    found: list[ScoreRow] = []
    for choice in plan.metrics:
        metric = choice.component
        events = len(compared) if metric.judged_on == "test" else len(generated)
        floor = yardstick.floor(choice) if yardstick.halvings and has_floor(metric) else {}
        measurement = measurements[metric.name]
        found += (with_floor(row, floor) for row in rows(metric, measurement, step=step, events=events))
    scores = ScoreFile(
        data_digest=yardstick.data_digest,
        rows=tuple(found),
        notes=notes(measurements),
        halvings=yardstick.halvings,
        references=tuple(_references(plan, yardstick, found)),
        sensitivity=tuple(_sensitivity(plan, yardstick, found)),
    )
    return Evaluation(scores, measurements)


def _references(plan: Plan, yardstick: Yardstick, found: list[ScoreRow]) -> Iterator[ReferenceScores]:
    """Main scores of what stands in for a model."""
    main = {row.metric: row for row in found if row.headline}
    floored = [choice for choice in plan.metrics if has_floor(choice.component)]
    for reference in plan.references:
        if not floored or (reference.component.conditional and not plan.data.conditions):
            continue
        scores = []
        for choice in floored:
            row = main[choice.component.name]
            name, value, error = yardstick.reference(choice, reference)
            scores.append(replace(row, score=name, value=value, error=error, step=0))
        yield ReferenceScores(name=reference.component.name, rows=tuple(scores))


def _sensitivity(plan: Plan, yardstick: Yardstick, found: list[ScoreRow]) -> Iterator[Sensitivity]:
    """The smallest faults that the main scores see."""
    if not plan.experiment.evaluation.sensitivity:
        return
    main = {row.metric: row for row in found if row.headline}
    for choice in plan.metrics:
        row = main[choice.component.name]
        if row.floor is None or row.better == "none":
            continue
        for fault in FAULTS:
            smallest = yardstick.smallest(choice, fault, row)
            yield Sensitivity(metric=row.metric, score=row.score, fault=fault, smallest=smallest, largest=SIZES[0])
