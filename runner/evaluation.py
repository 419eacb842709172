"""Which events are judged, at which conditions, and what the metrics say. NumPy only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runner import seeds
from runner.api import Measurement, Metric, Sample
from runner.errors import DataError, PluginError
from runner.experiment import Split
from runner.plan import Choice
from runner.run_directory import ScoreFile, ScoreRow

MOST_LOADED = 200_000
"""Events that metrics see where they ask for all, and transforms, where they do not fit into memory."""


@dataclass(frozen=True)
class Splits:
    """The events of a data set by what they are for."""

    train: Sample
    validation: Sample
    test: Sample


@dataclass(frozen=True)
class Evaluation:
    """What the metrics found.

    Attributes:
        scores: The numbers.
        measurements: By metric, with the data of its figures.
    """

    scores: ScoreFile
    measurements: Mapping[str, Measurement]


def split(sample: Sample, fractions: Split, seed: int) -> Splits:
    """Events by a seeded hash of their number: an event's part depends on no other event.

    Args:
        sample: All events.
        fractions: Expected shares.
        seed: The experiment's ``data_seed``.

    Raises:
        DataError: If no event falls to training or fewer than two to the test.
    """
    place = _uniform_hash(sample.event_ids, seeds.derive(seed, "split"))
    train, validation = place < fractions.train, place < fractions.train + fractions.validation
    if fractions.validation == 0:
        validation = train
    parts = Splits(sample.take(train), sample.take(validation & ~train), sample.take(~validation))
    if not len(parts.train) or len(parts.test) < 2:
        raise DataError(
            f"{len(sample)} events leave {len(parts.train)} for training and {len(parts.test)} for the test; "
            "at least 1 and 2 are needed: use more events or another split"
        )
    return parts


def _uniform_hash(numbers: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Each number's place in [0, 1).

    Reference: the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), applied twice.
    """
    x = numbers.astype(np.uint64)
    with np.errstate(over="ignore"):
        for salt in (np.uint64(seed), np.uint64(0x9E3779B97F4A7C15)):
            x = x + salt
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x = x ^ (x >> np.uint64(31))
    return (x >> np.uint64(11)).astype(np.float64) / 2.0**53


def apply_threshold(responses: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
    """Amplitudes below the detection threshold are not read out: 0."""
    return np.where(responses < threshold, np.float32(0), responses)


def real_events(test: Sample, events: int, seed: int) -> Sample:
    """The events that are compared, in memory: all of them, or `events` drawn without repetition, in their order."""
    if len(test) > events:
        test = test.take(np.sort(seeds.generator(seed, "test events").choice(len(test), events, replace=False)))
    return test.loaded()


def loaded(sample: Sample) -> Sample:
    """Events in memory: all of them, or of those that are in a file at most `MOST_LOADED`, the same ones every time."""
    return real_events(sample, MOST_LOADED, 0) if sample.stored else sample


def evaluation_conditions(real: Sample, events: int, seed: int) -> NDArray[np.float32]:
    """Conditions of `events` responses to generate: those of the real events, each used equally often.

    Returns:
        (events, conditions) in their units, in random order.
    """
    rng = seeds.generator(seed, "evaluation conditions")
    rounds = -(-events // len(real))
    order = np.concatenate([rng.permutation(len(real)) for _ in range(rounds)])[:events]
    conditions: NDArray[np.float32] = real.conditions[order]
    return conditions


def evaluate(
    metrics: Sequence[Choice[Metric]],
    real: Sample,
    generated: Sample,
    *,
    whole: Sample | None = None,
    seed: int,
    step: int,
    data_digest: str,
) -> Evaluation:
    """Scores of generated against real responses.

    Args:
        metrics: What to measure.
        real: Test events.
        generated: Generated events, cut at the detection threshold.
        whole: The whole data set, for metrics that are judged on all of it.
        seed: The experiment's seed; each metric has random numbers of its own.
        step: Training step of the networks.
        data_digest: Digest of `real`: scores of different samples are not compared.

    Raises:
        PluginError: If a metric fails, or returns something else than a Measurement.
    """
    measurements: dict[str, Measurement] = {}
    rows: list[ScoreRow] = []
    for choice in metrics:
        name = choice.component.name
        rng = seeds.generator(seed, "metric", name)
        judged_on = choice.component.judged_on
        judged = real if judged_on == "test" else whole
        if judged is None:
            raise ValueError(f"metric {name} is judged on all events, and they were not given")
        judged = loaded(judged)
        with choice.blamed("measure"):
            measurement = choice.component.measure(choice.params, judged, generated, rng)
        if not isinstance(measurement, Measurement):
            raise PluginError(f"metric {name}: measure returned {type(measurement).__name__}, not a Measurement")
        measurements[name] = measurement
        rows += _rows(choice.component, measurement, split=judged_on, step=step, events=len(generated))
    notes = tuple(f"{name}: {note}" for name, found in measurements.items() for note in found.notes)
    return Evaluation(ScoreFile(data_digest=data_digest, rows=tuple(rows), notes=notes), measurements)


def _rows(metric: Metric, measurement: Measurement, *, split: str, step: int, events: int) -> Iterator[ScoreRow]:
    if not measurement.scores:
        raise PluginError(f"metric {metric.name} returned no score")
    headline = metric.headline or next(iter(measurement.scores))
    if headline not in measurement.scores:
        raise PluginError(f"metric {metric.name}: its headline {headline!r} is not among its scores")
    for name, score in measurement.scores.items():
        yield ScoreRow(
            metric=metric.name,
            score=name,
            value=float(score.value),
            error=None if score.error is None else float(score.error),
            unit=metric.unit if score.unit is None else score.unit,
            better=score.better or metric.better,
            split=split,
            step=step,
            events=events,
            version=metric.version,
            headline=name == headline,
        )
