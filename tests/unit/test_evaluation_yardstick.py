import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner import testing
from runner.api import Field, Measurement, Metric, Params, Reference, Sample, Score
from runner.errors import PluginError
from runner.evaluation import Available, Halves, ScoreCache, Yardstick, halve, with_floor
from runner.plan import Choice
from runner.run_directory import ScoreRow

EVENTS, HALVINGS, SEED = 2000, 12, 5


class MeanSum(Metric):
    """Mean of the logarithm of the sum, generated - real, with a parameter and a count of its calls."""

    name = "mean_sum"
    unit = "1"
    better = "zero"

    class Params(Params):
        """A factor."""

        factor: float = Field(1.0, description="what differences are multiplied with")

    def __init__(self) -> None:
        self.calls = 0

    def measure(self, params: Any, real: Sample, generated: Sample, rng: np.random.Generator) -> Measurement:
        self.calls += 1
        a, b = (np.log1p(sample.responses.sum(axis=(1, 2))).mean() for sample in (real, generated))
        return Measurement({"difference": Score(params.factor * float(b - a), 0.1)})


class Zeros(Reference):
    """Responses without a hit."""

    name = "zeros"

    def respond(self, params: Any, training: Sample, real: Sample, rng: np.random.Generator) -> np.ndarray:
        return np.zeros_like(real.responses)


def real_events() -> Sample:
    return testing.sample(events=EVENTS)


def chosen(metric: Metric, **params: float) -> Choice[Metric]:
    return Choice(metric.name, metric, metric.Params(**params), "mine")


def made(folder: Path, **changes: Any) -> Yardstick:
    test = real_events()

    def halves(number: int) -> Halves:
        return halve(test, EVENTS, SEED, number)

    settings: dict[str, Any] = {
        "halves": halves,
        "halvings": HALVINGS,
        "seed": SEED,
        "available": Available(testing.sample(events=50, seed=3)),
        "data_digest": "abc",
        "code": {"mine": "123"},
        "cache": ScoreCache(folder),
    }
    return Yardstick(**{**settings, **changes})


def row(**changes: Any) -> ScoreRow:
    values: dict[str, Any] = {
        "metric": "mean_sum",
        "score": "difference",
        "value": 1.0,
        "error": 0.1,
        "unit": "1",
        "better": "zero",
        "split": "test",
        "step": 1,
        "events": 200,
        "version": 1,
        "headline": True,
    }
    return ScoreRow(**{**values, **changes})


def log_sums(sample: Sample) -> np.ndarray:
    return np.log1p(sample.responses.sum(axis=(1, 2)))


def test_a_floor_is_real_against_real_in_each_halving(tmp_path: Path) -> None:
    floor = made(tmp_path).floor(chosen(MeanSum()))["difference"]
    assert len(floor) == HALVINGS
    for number, value in enumerate(floor):
        halves = halve(real_events(), EVENTS, SEED, number)
        expected = log_sums(halves.asked).mean() - log_sums(halves.compared).mean()
        assert value == pytest.approx(float(expected), abs=1e-6)


def test_halvings_scatter_as_independent_samples_do(tmp_path: Path) -> None:
    floor = made(tmp_path, halvings=200).floor(chosen(MeanSum()))["difference"]
    expected = log_sums(real_events()).std(ddof=1) * np.sqrt(2 / (EVENTS / 2))
    assert floor.std(ddof=1) == pytest.approx(expected, rel=5 / np.sqrt(2 * 200))
    assert abs(floor.mean()) < 5 * expected / np.sqrt(200)


def test_what_was_measured_once_is_remembered(tmp_path: Path) -> None:
    metric = MeanSum()
    first = made(tmp_path).floor(chosen(metric))
    again = made(tmp_path).floor(chosen(metric))
    assert metric.calls == HALVINGS
    np.testing.assert_array_equal(first["difference"], again["difference"])


@pytest.mark.parametrize(
    ("changes", "params"),
    [
        ({"data_digest": "abd"}, {}),
        ({"code": {"mine": "124"}}, {}),
        ({"halvings": HALVINGS + 1}, {}),
        ({"seed": SEED + 1}, {}),
        ({}, {"factor": 2.0}),
    ],
    ids=["data", "code", "halvings", "seed", "parameters"],
)
def test_all_that_decides_a_floor_is_part_of_its_key(
    tmp_path: Path, changes: Mapping[str, Any], params: Mapping[str, float]
) -> None:
    metric = MeanSum()
    made(tmp_path).floor(chosen(metric))
    before = metric.calls
    made(tmp_path, **changes).floor(chosen(metric, **params))
    assert metric.calls > before


def test_another_version_of_a_metric_is_measured_anew(tmp_path: Path) -> None:
    made(tmp_path).floor(chosen(MeanSum()))
    newer = type("Newer", (MeanSum,), {"version": 2, "__doc__": "Newer."})()
    made(tmp_path).floor(chosen(newer))
    assert newer.calls == HALVINGS


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": 1}', '{"numbers": {}}', "\x00"])
def test_a_damaged_file_is_measured_anew(tmp_path: Path, content: str) -> None:
    first = made(tmp_path).floor(chosen(MeanSum()))
    (file,) = (tmp_path / "scores").iterdir()
    file.write_text(content)
    metric = MeanSum()
    again = made(tmp_path).floor(chosen(metric))
    assert metric.calls == HALVINGS
    np.testing.assert_array_equal(first["difference"], again["difference"])
    assert "numbers" in json.loads(file.read_text())


def test_a_folder_that_cannot_be_written_costs_the_memory_only(tmp_path: Path) -> None:
    (tmp_path / "scores").write_text("a file in its place")
    assert len(made(tmp_path).floor(chosen(MeanSum()))["difference"]) == HALVINGS


def test_a_row_gets_mean_and_standard_deviation_of_its_floor() -> None:
    found = with_floor(row(value=7.0), {"difference": np.array([1.0, 2.0, 3.0])})
    assert (found.floor, found.floor_sd, found.excess, found.z) == (2.0, 1.0, 5.0, 5.0)
    for floor in ({}, {"difference": np.array([1.0])}, {"difference": np.array([1.0, np.nan])}):
        assert with_floor(row(), floor).floor is None
    still = with_floor(row(value=2.0), {"difference": np.array([2.0, 2.0])})
    assert still.z == 0
    assert replace(still, value=1.0).z == -np.inf
    assert replace(still, value=np.nan).z is None


def test_a_reference_is_scored_in_a_models_place(tmp_path: Path) -> None:
    metric = MeanSum()
    reference = Choice("zeros", Zeros(), Params(), "mine")
    name, value, error = made(tmp_path).reference(chosen(metric), reference)
    compared = halve(real_events(), EVENTS, SEED).compared
    assert (name, error) == ("difference", 0.1)
    assert value == pytest.approx(-float(log_sums(compared).mean()), rel=1e-6)
    made(tmp_path).reference(chosen(metric), reference)
    assert metric.calls == 1


def test_a_broken_reference_is_named(tmp_path: Path) -> None:
    class Short(Zeros):
        """Too few."""

        name = "short"

        def respond(self, params: Any, training: Sample, real: Sample, rng: np.random.Generator) -> np.ndarray:
            return np.zeros_like(real.responses[1:])

    with pytest.raises(PluginError, match="reference short: respond returned float32"):
        made(tmp_path).reference(chosen(MeanSum()), Choice("short", Short(), Params(), "mine"))


def test_the_smallest_scale_is_where_the_mean_has_moved_by_three_standard_deviations(tmp_path: Path) -> None:
    """The mean of ln(1 + sum) moves by ln(1 + s), near enough, so that the size is known without measuring."""
    yardstick = made(tmp_path)
    sd = yardstick.floor(chosen(MeanSum()))["difference"].std(ddof=1)
    expected = np.exp(3 * sd) - 1
    assert 0.005 < expected < 0.5  # within the sizes that are tried
    found = yardstick.smallest(chosen(MeanSum()), "amplitude_scale", row())
    assert found == pytest.approx(expected, rel=0.25)  # between two sizes it is interpolated


def test_what_a_metric_does_not_see_has_no_smallest_size(tmp_path: Path) -> None:
    class Blind(MeanSum):
        """Noise."""

        def measure(self, params: Any, real: Sample, generated: Sample, rng: np.random.Generator) -> Measurement:
            return Measurement({"difference": Score(float(rng.standard_normal()))})

    assert made(tmp_path).smallest(chosen(Blind()), "amplitude_scale", row()) is None


@pytest.mark.parametrize(("better", "seen"), [("lower", True), ("higher", False), ("zero", True), ("one", True)])
def test_a_fault_is_seen_where_the_score_gets_worse(tmp_path: Path, better: str, seen: bool) -> None:
    found = made(tmp_path).smallest(chosen(MeanSum()), "amplitude_scale", row(better=better))
    assert (found is not None) is seen
