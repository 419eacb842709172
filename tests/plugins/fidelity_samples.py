"""Simulated samples, faults put into them, and how far a score is from real against real."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from plugins.tpc_simulation import TpcSimulation
from runner.api import DataInfo, Measurement, Metric, Sample

EVENTS = 800
TRACKS = {"crossing_angle": [0.0, 15.0], "pad_coordinate": [40.0, 41.0], "drift_length": [40.0, 160.0]}


@cache
def simulated(conditional: bool = True) -> Sample:
    """Three samples of `EVENTS`, one after the other."""
    dataset = TpcSimulation()
    values = {"events": 3 * EVENTS} | (TRACKS if conditional else {})
    params = dataset.Params.model_validate_json(json.dumps(values), strict=True)
    return dataset.load(params, np.random.default_rng(1))


def part(number: int, conditional: bool = True) -> Sample:
    """Sample number 0, 1 or 2; metrics are shown 0 as real, what is made of 1 as generated, and 2 as training."""
    return simulated(conditional).take(slice(number * EVENTS, (number + 1) * EVENTS))


def with_responses(sample: Sample, responses: Any) -> Sample:
    return replace(sample, responses=np.asarray(responses, np.float32))


def without_conditions(sample: Sample) -> Sample:
    info = DataInfo(sample.info.axes, sample.info.quantity, sample.info.unit, sample.info.threshold)
    return Sample(info, sample.responses, sample.conditions[:, :0], sample.event_ids)


def shuffled(sample: Sample) -> Sample:
    """Each response at the conditions of another event."""
    return with_responses(sample, np.roll(sample.responses, 1, axis=0))


def half_a_time_bin_off(sample: Sample) -> Sample:
    """Each response at a drift length that is half a time bin too large."""
    assert [condition.name for condition in sample.info.conditions].index("drift_length") == 1
    return replace(sample, conditions=sample.conditions + np.array([0, 0.545 / 2, 0], np.float32))


def blurred(sample: Sample) -> Sample:
    """5 % of each amplitude go to either neighbour in pad."""
    amplitudes = sample.responses.astype(float)
    moved = 0.9 * amplitudes
    moved[:, 1:] += 0.05 * amplitudes[:, :-1]
    moved[:, :-1] += 0.05 * amplitudes[:, 1:]
    return with_responses(sample, np.where(moved < sample.info.threshold, 0, moved))


def without_tail(sample: Sample, share: float = 0.06) -> Sample:
    """Without the 6 % of the responses with the most charge."""
    charge = sample.responses.sum(axis=(1, 2))
    return sample.take(charge < np.quantile(charge, 1 - share))


def with_dead_pixel(sample: Sample) -> Sample:
    responses = sample.responses.copy()
    responses[:, 3, 4] = 0
    return with_responses(sample, responses)


def empty(sample: Sample) -> Sample:
    return with_responses(sample, np.zeros_like(sample.responses))


def broken(sample: Sample) -> Sample:
    """The first response has a NaN amplitude, the second an infinite and the third a negative one."""
    responses = sample.responses.copy()
    responses[0, 2, 2], responses[1, 2, 2], responses[2, 2, 2] = np.nan, np.inf, -1
    return with_responses(sample, responses)


def measured(metric: Metric, real: Sample, generated: Sample, seed: int = 0, **used: Any) -> Measurement:
    fast = {name: 3 for name in ("bootstrap",) if name in metric.Params.model_fields}
    return metric.measure(metric.Params(**fast), real, generated, np.random.default_rng(seed), **used)


def values(found: Measurement) -> dict[str, float]:
    return {name: float(score.value) for name, score in found.scores.items()}


def excess(
    metric: Metric, faults: Sequence[Callable[[Sample], Sample]], score: str = "", conditional: bool = True, **used: Any
) -> list[float]:
    """Standard deviations of real against real between its mean and the score of each fault."""
    name = score or metric.headline
    pool, rng, floor = simulated(conditional).take(slice(0, 2 * EVENTS)), np.random.default_rng(5), []
    for _ in range(10):
        order = rng.permutation(len(pool))
        halves = pool.take(order[:EVENTS]), pool.take(order[EVENTS:])
        floor.append(values(measured(metric, *halves, **used))[name])
    mean, sd = np.mean(floor), np.std(floor, ddof=1)
    real, other = part(0, conditional), part(1, conditional)
    return [float((values(measured(metric, real, fault(other), **used))[name] - mean) / sd) for fault in faults]


def unchanged(sample: Sample) -> Sample:
    return sample
