"""The contract checks notice a broken promise."""

import itertools
from typing import Any

import numpy as np
import pytest

from runner.api import (
    Architecture,
    Dataset,
    Field,
    Measurement,
    Metric,
    Params,
    Sample,
    Score,
    Signature,
    Transform,
)
from runner.testing import INFO, check_component, sample

COUNTER = itertools.count()


class Good(Metric):
    """A metric."""

    name = "good"
    unit = "1"
    better = "lower"

    def measure(self, params: Any, real: Sample, generated: Sample, rng: np.random.Generator) -> Measurement:
        return Measurement({"value": Score(rng.random(), 0.1)})


def metric(measure: Any = Good.measure, **attributes: Any) -> Metric:
    return type("Broken", (Good,), {"measure": measure, "__doc__": "A metric.", **attributes})()


class Undescribed(Params):
    """Parameters."""

    size: int = Field(1)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (metric(__doc__="no sentence"), "is no sentence"),
        (metric(Params=Undescribed), "parameter size has no description"),
        (metric(lambda *_: None), "measure returned None"),
        (metric(lambda *_: Measurement({})), "no score"),
        (metric(lambda *_: Measurement({"a": Score(float("nan"))})), "a is nan"),
        (metric(lambda *_: Measurement({"a": Score(1.0, -1.0)})), "the error of a is -1.0"),
        (metric(lambda *_: Measurement({"a": Score(float(next(COUNTER)))})), "differs although the random numbers"),
        (metric(headline="b"), "no score b"),
    ],
)
def test_a_broken_metric(component: Metric, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_component(component)


def test_a_metric_that_cannot_take_empty_responses() -> None:
    def measure(self: Any, params: Any, real: Sample, generated: Sample, rng: Any) -> Measurement:
        return Measurement({"a": Score(1 / int((generated.responses > 0).sum()))})

    with pytest.raises(ZeroDivisionError):
        check_component(metric(measure))


def dataset(load: Any) -> Dataset:
    body = {"name": "set", "__doc__": "A data set.", "describe": lambda self, params: INFO, "load": load}
    return type("Broken", (Dataset,), body)()


def changed(**changes: Any) -> Sample:
    good = sample()
    parts = {name: getattr(good, name) for name in ("info", "responses", "conditions", "event_ids")}
    return Sample(**{**parts, **changes})


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (lambda self, params, rng: sample(seed=next(COUNTER)), "responses differ although the random numbers"),
        (lambda self, params, rng: changed(responses=sample().responses / 1000), "amplitudes below the threshold"),
        (lambda self, params, rng: changed(event_ids=np.zeros(64, np.int64)), "event numbers repeat"),
        (lambda self, params, rng: changed(conditions=sample().conditions + 20), "outside their declared ranges"),
    ],
)
def test_a_broken_data_set(load: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_component(dataset(load))


@pytest.mark.training
def test_a_transform_whose_inverse_is_wrong() -> None:
    body = {
        "name": "wrong",
        "__doc__": "A transform.",
        "forward": lambda self, params, state, responses, ops: responses * 2,
        "inverse": lambda self, params, state, responses, ops: responses,
    }
    with pytest.raises(AssertionError, match=r"inverse\(forward\)"):
        check_component(type("Wrong", (Transform,), body)())


@pytest.mark.training
def test_a_network_that_is_not_what_it_says() -> None:
    from runner.backend import keras

    def build(self: Any, params: Any, data: Any) -> Any:
        inputs = {"latent": keras.Input((4,), name="latent")}
        return keras.Model(inputs, keras.layers.Dense(3)(inputs["latent"]))

    body = {
        "name": "net",
        "__doc__": "A network.",
        "role": "generator",
        "signature": lambda self, params, data: Signature({"latent": (5,)}, (3,)),
        "build": build,
    }
    with pytest.raises(AssertionError, match=r"inputs .*\(4,\).*declared .*\(5,\)"):
        check_component(type("Net", (Architecture,), body)())
