"""What the metrics say of two samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runner import seeds
from runner.api import Measurement, Metric, Sample, TrainedModel
from runner.errors import PluginError
from runner.evaluation.events import loaded
from runner.plan import Choice
from runner.run_directory import ScoreRow

Tell = Callable[[str], None]
"""Told what is being measured, once for each measurement."""


@dataclass(frozen=True)
class Available:
    """What metrics can be given beside the two samples.

    Attributes:
        training: Events trained on, in memory; None where the data set is gone and no metric uses them.
        whole: The whole data set, for metrics that are judged on all of it; None where no metric is.
        model: What generates; None where no metric uses it.
    """

    training: Sample | None = None
    whole: Sample | None = None
    model: TrainedModel | None = None

    def used_by(self, metric: Metric) -> dict[str, Any]:
        """The keyword arguments of its `measure`."""
        return {name: getattr(self, name) for name in metric.uses}


def has_floor(metric: Metric) -> bool:
    """Whether real responses can be put in the place of generated ones."""
    return metric.judged_on == "test" and "model" not in metric.uses


def measure(
    choice: Choice[Metric], real: Sample, generated: Sample, rng: np.random.Generator, available: Available
) -> Measurement:
    """One metric of two samples.

    Raises:
        PluginError: If it fails, returns something else than a Measurement, no score, or not its main one.
    """
    metric = choice.component
    with choice.blamed("measure"), _one_thread():
        measurement = metric.measure(choice.params, real, generated, rng, **available.used_by(metric))
    if not isinstance(measurement, Measurement):
        raise PluginError(f"metric {metric.name}: measure returned {type(measurement).__name__}, not a Measurement")
    if not measurement.scores:
        raise PluginError(f"metric {metric.name} returned no score")
    if headline(metric, measurement) not in measurement.scores:
        raise PluginError(f"metric {metric.name}: its headline {metric.headline!r} is not among its scores")
    return measurement


def headline(metric: Metric, measurement: Measurement) -> str:
    """Name of the main score."""
    return metric.headline or next(iter(measurement.scores))


def measure_all(
    metrics: Sequence[Choice[Metric]],
    real: Sample,
    generated: Sample,
    available: Available,
    *,
    seed: int,
    tell: Tell = lambda _: None,
) -> dict[str, Measurement]:
    """Every metric of generated against real responses.

    Args:
        metrics: What to measure.
        real: Real events.
        generated: Generated events, cut at the detection threshold; the first ones, as many as are real, are compared
            with them, and all of them with the whole data set by the metrics that are judged on it.
        available: What else metrics use.
        seed: The experiment's seed; each metric has random numbers of its own.
        tell: Told the name of each metric.

    Raises:
        PluginError: As of `measure`.
    """
    measurements = {}
    as_many = generated.take(slice(0, len(real)))
    for choice in metrics:
        metric = choice.component
        tell(metric.name)
        rng = seeds.generator(seed, "metric", metric.name)
        if metric.judged_on == "test":
            measurements[metric.name] = measure(choice, real, as_many, rng, available)
            continue
        if available.whole is None:
            raise ValueError(f"metric {metric.name} is judged on all events, and they were not given")
        measurements[metric.name] = measure(choice, loaded(available.whole), generated, rng, available)
    return measurements


def rows(metric: Metric, measurement: Measurement, *, step: int, events: int) -> Iterator[ScoreRow]:
    """Its scores as they are kept.

    Args:
        metric: The metric.
        measurement: What it found.
        step: Training step of the networks.
        events: Number of generated events.
    """
    main = headline(metric, measurement)
    for name, score in measurement.scores.items():
        yield ScoreRow(
            metric=metric.name,
            score=name,
            value=float(score.value),
            error=None if score.error is None else float(score.error),
            unit=metric.unit if score.unit is None else score.unit,
            better=score.better or metric.better,
            split=metric.judged_on,
            step=step,
            events=events,
            version=metric.version,
            headline=name == main,
        )


def notes(measurements: Mapping[str, Measurement]) -> tuple[str, ...]:
    """What a reader has to know, each with its metric."""
    return tuple(f"{name}: {note}" for name, found in measurements.items() for note in found.notes)


def _one_thread() -> Any:
    """BLAS and OpenMP with a thread per core are many times slower where cores are busy, and last digits change."""
    import threadpoolctl

    return threadpoolctl.threadpool_limits(1)
