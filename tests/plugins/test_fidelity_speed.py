"""Times per response, of a model whose time is known."""

import json
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from plugins.fidelity import speed
from plugins.fidelity.speed import Speed
from runner.api import Measurement, Sample, TrainedModel
from tests.plugins.fidelity_samples import part, values

METRIC = Speed()


class Clock:
    """A model that takes 8 ms and 1 ms per response, the first time of a batch ten times as long, by its own clock."""

    def __init__(self, slow: bool = False) -> None:
        self.now, self.asked, self.slow = 0.0, [], slow
        self.rng = np.random.default_rng(0)

    def perf_counter(self) -> float:
        return self.now

    def generate(self, conditions: np.ndarray) -> Sample:
        first = len(conditions) not in [len(before) for before in self.asked]
        self.asked.append(conditions)
        seconds = 0.008 + 0.001 * len(conditions) + 1e-5 * self.rng.random()
        self.now += seconds * (10 if first else 1) * (100 if self.slow else 1)
        return part(0)


def timed(monkeypatch: pytest.MonkeyPatch, clock: Clock, **params: Any) -> Measurement:
    monkeypatch.setattr(speed, "time", clock)
    chosen = METRIC.Params.model_validate_json(json.dumps(params), strict=True)
    model = TrainedModel(clock.generate, parameters=1234, size=5_600_000, device="cpu")
    return METRIC.measure(chosen, part(0), part(1), np.random.default_rng(0), model=model)


def test_times_are_per_response_and_without_the_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    found = values(timed(monkeypatch, Clock()))
    assert found["batch_1"] == pytest.approx(9, rel=2e-3)
    assert found["batch_100"] == pytest.approx(1.08, rel=1e-3)
    assert found["batch_10000"] == pytest.approx(1.0008, rel=1e-3)
    assert found["parameters"] == 1234
    assert found["size"] == pytest.approx(5.6)


def test_the_largest_batch_comes_first_and_is_the_headline(monkeypatch: pytest.MonkeyPatch) -> None:
    found = timed(monkeypatch, Clock(), batches=[7, 300, 20, 300])
    assert list(found.scores)[:3] == ["batch_300", "batch_20", "batch_7"]
    assert METRIC.headline == ""
    (bars,) = found.figures
    assert list(bars.names) == ["batch 7", "batch 20", "batch 300"]
    np.testing.assert_array_equal(bars.values, [found.scores[f"batch_{batch}"].value for batch in (7, 20, 300)])


def test_slow_models_are_called_five_times_and_fast_ones_until_time_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, fast = Clock(slow=True), Clock()
    (note,) = timed(monkeypatch, slow, batches=[100]).notes
    assert note == "timed on cpu; calls of each batch: 5 of 100"
    assert len(slow.asked) == 6
    (note,) = timed(monkeypatch, fast, batches=[100], seconds=1.0).notes
    assert note == "timed on cpu; calls of each batch: 10 of 100"  # 0.108 s each
    (note,) = timed(monkeypatch, Clock(), batches=[1], seconds=100.0, most_repeats=12).notes
    assert note == "timed on cpu; calls of each batch: 12 of 1"


def test_conditions_are_those_of_real_events_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    timed(monkeypatch, clock, batches=[2000])
    np.testing.assert_array_equal(clock.asked[0], np.tile(part(0).conditions, (3, 1))[:2000])


def test_the_error_is_that_of_a_median(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    found = timed(monkeypatch, clock, batches=[1], seconds=1000.0, most_repeats=400)
    # a median of n uniform numbers of width w scatters by w / (2 sqrt n): 0.01 ms / 40
    assert found.scores["batch_1"].error == pytest.approx(0.01 / 40, rel=0.4)


@pytest.mark.parametrize("batches", [[], [0], [-3]])
def test_batches_are_at_least_one_of_one(batches: list[int]) -> None:
    with pytest.raises(ValidationError):
        METRIC.Params.model_validate_json(json.dumps({"batches": batches}), strict=True)
