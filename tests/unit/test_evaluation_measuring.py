import numpy as np
import pytest

from runner import testing
from runner.api import Measurement, Metric, Params, Sample, Score, TrainedModel
from runner.errors import PluginError
from runner.evaluation import Available, has_floor, measure_all, rows
from runner.evaluation.measuring import notes
from runner.plan import Choice


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


def measured(metric: Metric, seed: int = 7) -> Measurement:
    choice = Choice(metric.name, metric, Params(), "mine")
    real, generated = testing.sample(events=50, seed=1), testing.sample(events=70, seed=2)
    (found,) = measure_all([choice], real, generated, Available(), seed=seed).values()
    return found


def test_scores_carry_all_that_is_needed_to_compare_them() -> None:
    found = measured(Mean())
    first, second = rows(Mean(), found, step=9, events=50)
    assert (first.metric, first.score, first.error, first.unit, first.better) == (
        "mean_amplitude",
        "first",
        0.5,
        "ADC",
        "zero",
    )
    assert (second.unit, second.better, second.headline, first.headline) == ("1", "none", True, False)
    assert (first.split, first.step, first.events, first.version) == ("test", 9, 50, 3)
    assert notes({"mean_amplitude": found}) == ("mean_amplitude: a note",)


def test_as_many_generated_responses_as_real_ones_are_compared() -> None:
    real, generated = testing.sample(events=50, seed=1), testing.sample(events=70, seed=2)
    expected = generated.responses[:50].mean() - real.responses.mean()
    assert measured(Mean()).scores["first"].value == pytest.approx(float(expected))


def test_a_metric_may_be_judged_on_all_events() -> None:
    everything = type("Everything", (Mean,), {"judged_on": "all", "__doc__": "All.", "name": "mean_of_all"})()
    choices = [Choice(metric.name, metric, Params(), "mine") for metric in (Mean(), everything)]
    real, whole, generated = testing.sample(seed=1), testing.sample(events=90, seed=5), testing.sample(seed=2)
    found = measure_all(choices, real, generated, Available(whole=whole), seed=7)
    for name, sample in (("mean_amplitude", real), ("mean_of_all", whole)):
        expected = float(generated.responses.mean() - sample.responses.mean())
        assert found[name].scores["first"].value == pytest.approx(expected)
    (row, _) = rows(everything, found["mean_of_all"], step=0, events=64)
    assert row.split == "all"
    with pytest.raises(ValueError, match="judged on all events"):
        measure_all(choices, real, generated, Available(), seed=7)


class Uses(Mean):
    """Mean amplitude of the training events, and what a model generates."""

    name = "uses_all"
    headline = ""
    uses = ("training", "model")

    def measure(
        self,
        params: Params,
        real: Sample,
        generated: Sample,
        rng: np.random.Generator,
        *,
        training: Sample,
        model: TrainedModel,
    ) -> Measurement:
        made = model.generate(real.conditions)
        return Measurement({"training": Score(float(len(training))), "made": Score(float(len(made)))})


def test_a_metric_is_given_what_it_uses() -> None:
    real, training = testing.sample(events=50), testing.sample(events=90)
    model = TrainedModel(lambda conditions: real.take(slice(0, len(conditions))), 10, 40, "cpu")
    choice = Choice("uses_all", Uses(), Params(), "mine")
    (found,) = measure_all([choice], real, real, Available(training, None, model), seed=1).values()
    assert [score.value for score in found.scores.values()] == [90, 50]
    assert not has_floor(Uses())


def test_a_metrics_random_numbers_follow_from_the_seed() -> None:
    first, again, other = (measured(Mean(), seed).scores["second"].value for seed in (7, 7, 8))
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
