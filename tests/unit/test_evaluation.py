import numpy as np
import pytest

from runner import testing
from runner.api import DataError, Measurement, Metric, Params, Sample, Score
from runner.errors import PluginError
from runner.evaluation import apply_threshold, evaluate, evaluation_conditions, real_events, split
from runner.experiment import Split
from runner.plan import Choice

FRACTIONS = Split(train=0.6, validation=0.1, test=0.3)


def many(events: int = 20_000) -> Sample:
    return testing.sample(events=events)


def test_each_event_is_in_exactly_one_part() -> None:
    sample = many()
    parts = split(sample, FRACTIONS, seed=1)
    numbers = np.concatenate([part.event_ids for part in (parts.train, parts.validation, parts.test)])
    np.testing.assert_array_equal(np.sort(numbers), sample.event_ids)


def test_parts_have_their_shares() -> None:
    sample = many()
    parts = split(sample, FRACTIONS, seed=1)
    for part, share in ((parts.train, 0.6), (parts.validation, 0.1), (parts.test, 0.3)):
        sigma = np.sqrt(share * (1 - share) / len(sample))
        assert abs(len(part) / len(sample) - share) < 5 * sigma


def test_an_events_part_depends_on_no_other_event() -> None:
    sample = many()
    some = sample.take(np.arange(3, len(sample), 7))
    whole, part = split(sample, FRACTIONS, seed=1), split(some, FRACTIONS, seed=1)
    assert set(part.test.event_ids) == set(whole.test.event_ids) & set(some.event_ids)


def test_another_seed_gives_independent_parts() -> None:
    sample = many()
    first, second = (set(split(sample, FRACTIONS, seed).test.event_ids) for seed in (1, 2))
    expected = 0.09 * len(sample)
    assert abs(len(first & second) - expected) < 5 * np.sqrt(expected)


def test_without_validation_there_is_none() -> None:
    assert len(split(many(), Split(train=0.8, validation=0.0, test=0.2), seed=3).validation) == 0


def test_too_few_events_are_an_error() -> None:
    with pytest.raises(DataError, match="use more events or another split"):
        split(many(1), FRACTIONS, seed=1)


def test_the_threshold_is_the_smallest_amplitude_kept() -> None:
    found = apply_threshold(np.array([0.0, 0.99, 1.0, 5.0, -1.0], np.float32), 1.0)
    np.testing.assert_array_equal(found, np.array([0, 0, 1, 5, 0], np.float32))
    assert found.dtype == np.float32


def test_conditions_are_those_of_the_real_events_each_used_equally_often() -> None:
    real = many(100)
    drawn = evaluation_conditions(real, 250, seed=1)
    assert drawn.shape == (250, 1)
    values, counts = np.unique(drawn, return_counts=True)
    np.testing.assert_array_equal(values, np.unique(real.conditions))
    assert set(counts) == {2, 3}


def test_fewer_real_events_are_drawn_without_repetition() -> None:
    chosen = real_events(many(100), 30, seed=1)
    assert len(np.unique(chosen.event_ids)) == 30
    assert real_events(many(100), 500, seed=1).event_ids.size == 100


class Mean(Metric):
    """Mean amplitude."""

    name = "mean_amplitude"
    unit = "ADC"
    better = "zero"
    version = 3
    headline = "second"

    def measure(self, params: Params, real: Sample, generated: Sample, rng: np.random.Generator) -> Measurement:
        value = float(generated.responses.mean() - real.responses.mean())
        scores = {"first": Score(value, 0.5), "second": Score(rng.random(), unit="1", better="none")}
        return Measurement(scores, notes=["a note"])


def measured(metric: Metric, seed: int = 7) -> object:
    choice = Choice(metric.name, metric, Params(), "mine")
    real, generated = testing.sample(seed=1), testing.sample(events=50, seed=2)
    return evaluate([choice], real, generated, seed=seed, step=9, data_digest="abc")


def test_scores_carry_all_that_is_needed_to_compare_them() -> None:
    scores = measured(Mean()).scores
    first, second = scores.rows
    assert (first.metric, first.score, first.error, first.unit, first.better) == (
        "mean_amplitude",
        "first",
        0.5,
        "ADC",
        "zero",
    )
    assert (second.unit, second.better, second.headline, first.headline) == ("1", "none", True, False)
    assert (first.split, first.step, first.events, first.version) == ("test", 9, 50, 3)
    assert (scores.data_digest, scores.notes) == ("abc", ("mean_amplitude: a note",))


def test_a_metric_may_be_judged_on_all_events() -> None:
    everything = type("Everything", (Mean,), {"judged_on": "all", "__doc__": "All.", "name": "mean_of_all"})()
    choices = [Choice(metric.name, metric, Params(), "mine") for metric in (Mean(), everything)]
    real, whole, generated = testing.sample(seed=1), testing.sample(events=90, seed=5), testing.sample(seed=2)
    rows = evaluate(choices, real, generated, whole=whole, seed=7, step=0, data_digest="abc").scores.rows
    by_metric = {row.metric: row for row in rows if row.score == "first"}
    assert {name: row.split for name, row in by_metric.items()} == {"mean_amplitude": "test", "mean_of_all": "all"}
    for name, sample in (("mean_amplitude", real), ("mean_of_all", whole)):
        expected = float(generated.responses.mean() - sample.responses.mean())
        assert by_metric[name].value == pytest.approx(expected)
    with pytest.raises(ValueError, match="judged on all events"):
        evaluate(choices, real, generated, seed=7, step=0, data_digest="abc")


def test_a_metrics_random_numbers_follow_from_the_seed() -> None:
    first, again, other = (measured(Mean(), seed).scores.rows[1].value for seed in (7, 7, 8))
    assert first == again != other


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (lambda *_: 1 / 0, "metric mean_amplitude of plugin mine: measure failed: ZeroDivisionError"),
        (lambda *_: {"a": 1}, "measure returned dict, not a Measurement"),
        (lambda *_: Measurement({}), "returned no score"),
        (lambda *_: Measurement({"a": Score(1.0)}), "its headline 'second' is not among its scores"),
    ],
)
def test_a_broken_metric_is_named(measure: object, message: str) -> None:
    broken = type("Broken", (Mean,), {"measure": measure, "__doc__": "Broken."})
    with pytest.raises(PluginError, match=message):
        measured(broken())
