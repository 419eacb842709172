"""Contract checks that a plugin's author runs in the plugin's own tests.

    from runner.testing import check_component
    from my_plugin import MeanCharge

    def test_contract():
        check_component(MeanCharge())

A broken promise raises an AssertionError that says which one.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.api import (
    Architecture,
    Axis,
    Callback,
    CallbackContext,
    Component,
    Condition,
    DataInfo,
    Dataset,
    Loss,
    Measurement,
    Metric,
    Params,
    Reference,
    Sample,
    Signature,
    Strategy,
    TrainedModel,
    Transform,
    Writer,
)

INFO = DataInfo(
    axes=(Axis("pad", 8, "pad", 40), Axis("time", 8, "time bin", 267)),
    quantity="amplitude",
    unit="ADC",
    threshold=1.0,
    conditions=(Condition("crossing_angle", "deg", 0.0, 15.0),),
)
"""What the checks' own responses look like: 8 pads x 8 time bins, one condition."""


def sample(info: DataInfo = INFO, events: int = 64, seed: int = 0) -> Sample:
    """Random responses with empty pixels, amplitudes from the threshold up, and one event without a hit."""
    rng = np.random.default_rng(seed)
    amplitudes = info.threshold * np.exp(rng.exponential(2.0, (events, *info.shape)))
    responses = np.where(rng.random(amplitudes.shape) < 0.4, amplitudes, 0).astype(np.float32)
    responses[0] = 0
    low, high = info.condition_ranges
    conditions = rng.uniform(low, high, (events, len(info.conditions))).astype(np.float32)
    return Sample(info, responses, conditions, np.arange(events, dtype=np.int64))


def check_component(
    component: Component, params: Mapping[str, Any] | None = None, info: DataInfo | None = None
) -> None:
    """Everything the runner relies on, for one component.

    Args:
        component: The component.
        params: Its parameters, as an experiment file would give them.
        info: Data it is made for, where `INFO` is not it.

    Raises:
        AssertionError: With the promise that is broken.
    """
    checked = component.Params.model_validate_json(json.dumps(dict(params or {})), strict=True)
    text = checked.model_dump_json()
    again = component.Params.model_validate_json(text, strict=True)
    assert again == checked, f"{component.name}: parameters do not survive being written and read: {text}"
    assert component.help().endswith("."), f"{component.name}: the docstring's first line is no sentence"
    for name, field in component.Params.model_fields.items():
        assert field.description, f"{component.name}: parameter {name} has no description"
    _CHECKS[component.kind](component, checked, info or INFO)


def _dataset(dataset: Dataset, params: Params, _: DataInfo) -> None:
    info = dataset.describe(params)
    assert isinstance(info, DataInfo), f"{dataset.name}: describe returned {info!r}"
    first, second = (dataset.load(params, np.random.default_rng(1)) for _ in range(2))
    assert first.info == info, f"{dataset.name}: load and describe disagree: {first.info} and {info}"
    for name in ("responses", "conditions", "event_ids"):
        same = np.array_equal(getattr(first, name), getattr(second, name))
        assert same, f"{dataset.name}: {name} differ although the random numbers are the same"
    responses = first.loaded().responses
    hits = responses[responses != 0]
    assert np.isfinite(hits).all() and (hits >= info.threshold).all(), (
        f"{dataset.name}: amplitudes below the threshold, NaN or infinite"
    )
    assert len(np.unique(first.event_ids)) == len(first), f"{dataset.name}: event numbers repeat"
    low, high = info.condition_ranges
    inside = (first.conditions >= low) & (first.conditions <= high)
    assert inside.all(), f"{dataset.name}: conditions outside their declared ranges"


def _transform(transform: Transform, params: Params, info: DataInfo) -> None:
    from runner.backend import ops

    events = sample(info)
    assert transform.check(params, info) is None, f"{transform.name}: refuses the data of the check"
    state = transform.fit(params, events)
    forward = transform.forward(params, state, events.responses, np)
    assert forward.shape == events.responses.shape, f"{transform.name}: forward changes the shape"
    back = transform.inverse(params, state, forward, np)
    np.testing.assert_allclose(back, events.responses, rtol=1e-4, err_msg=f"{transform.name}: inverse(forward)")
    conditions = transform.forward_conditions(params, state, events.conditions, info.conditions, np)
    assert conditions.shape == events.conditions.shape, f"{transform.name}: the number of conditions changes"
    for name, numpy_result, graph_result in (
        ("forward", forward, transform.forward(params, state, ops.convert_to_tensor(events.responses), ops)),
        ("inverse", back, transform.inverse(params, state, ops.convert_to_tensor(forward), ops)),
    ):
        message = f"{transform.name}: {name} differs between numpy and keras.ops"
        np.testing.assert_allclose(numpy_result, np.asarray(graph_result), rtol=1e-4, atol=1e-6, err_msg=message)


def _architecture(architecture: Architecture, params: Params, info: DataInfo) -> None:
    from runner import backend  # noqa: F401

    signature = architecture.signature(params, info)
    assert isinstance(signature, Signature), f"{architecture.name}: signature returned {signature!r}"
    network = architecture.build(params, info)
    assert isinstance(network.input, dict), f"{architecture.name}: build keras.Model with a dictionary of inputs"
    built = {name: tuple(tensor.shape[1:]) for name, tensor in network.input.items()}
    assert built == dict(signature.inputs), f"{architecture.name}: inputs {built}, declared {signature.inputs}"
    output = tuple(network.output.shape[1:])
    assert output == signature.output, f"{architecture.name}: output {output}, declared {signature.output}"
    rng = np.random.default_rng(0)
    values = {name: rng.random((3, *shape), np.float32) for name, shape in signature.inputs.items()}
    result = np.asarray(network(values, training=False))
    assert np.isfinite(result).all(), f"{architecture.name}: NaN or infinite output of an untrained network"


def _loss(loss: Loss, params: Params, _: DataInfo) -> None:
    from runner import backend  # noqa: F401

    assert callable(loss.build(params)), f"{loss.name}: build returned nothing that can be called"


def _strategy(strategy: Strategy, params: Params, _: DataInfo) -> None:
    batches = strategy.batches(params)
    assert isinstance(batches, int) and batches >= 0, f"{strategy.name}: batches returned {batches!r}"
    for slot, declared in strategy.slots.items():
        assert declared.signature, f"{strategy.name}: the slot {slot} does not say what is called how"


def _metric(metric: Metric, params: Params, info: DataInfo) -> None:
    real, generated = sample(info, seed=1), sample(info, events=48, seed=2)
    used = _used(metric, info)
    first, second = (metric.measure(params, real, generated, np.random.default_rng(3), **used) for _ in range(2))
    assert isinstance(first, Measurement), f"{metric.name}: measure returned {first!r}"
    assert first.scores, f"{metric.name}: no score"
    assert not metric.headline or metric.headline in first.scores, f"{metric.name}: no score {metric.headline}"
    for name, score in first.scores.items():
        assert math.isfinite(score.value), f"{metric.name}: {name} is {score.value}"
        assert score.error is None or score.error >= 0, f"{metric.name}: the error of {name} is {score.error}"
        again = second.scores[name]
        # times of a model are never the same twice
        assert again == score or "model" in metric.uses, (
            f"{metric.name}: {name} differs although the random numbers are the same"
        )
    nothing = Sample(info, np.zeros_like(generated.responses), generated.conditions, generated.event_ids)
    metric.measure(params, real, nothing, np.random.default_rng(3), **used)


def _used(metric: Metric, info: DataInfo) -> dict[str, Any]:
    """What a metric is given beside the two samples."""

    def generate(conditions: NDArray[np.float32]) -> Sample:
        made = sample(info, events=max(len(conditions), 1), seed=5).take(slice(0, len(conditions)))
        return Sample(info, made.responses, conditions, made.event_ids)

    available = {"training": sample(info, seed=4), "model": TrainedModel(generate, 1000, 4000, "cpu")}
    return {name: available[name] for name in metric.uses}


def _reference(reference: Reference, params: Params, info: DataInfo) -> None:
    training, real = sample(info, seed=1), sample(info, events=48, seed=2)
    first, second = (reference.respond(params, training, real, np.random.default_rng(3)) for _ in range(2))
    assert first.shape == real.responses.shape, f"{reference.name}: responses of shape {first.shape}"
    assert first.dtype == np.float32, f"{reference.name}: responses are {first.dtype}, not float32"
    same = np.array_equal(first, second)
    assert same, f"{reference.name}: responses differ although the random numbers are the same"


def _callback(callback: Callback, params: Params, _: DataInfo) -> None:
    from runner.backend import keras

    with tempfile.TemporaryDirectory() as folder:
        built = callback.build(params, CallbackContext(Path(folder), "check", 1))
        assert isinstance(built, keras.callbacks.Callback), f"{callback.name}: built {built!r}"


def _writer(writer: Writer, _: Params, info: DataInfo) -> None:
    events = sample(info)
    numbered = Sample(info, events.responses[1:], events.conditions[1:], events.event_ids[1:])  # all with hits
    parts = [numbered.take(slice(0, 40)), numbered.take(slice(40, None))]
    contents = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("one", "two"):
            path = Path(folder) / f"{name}{writer.suffix}"
            notes = writer.write(path, info, len(numbered), iter(parts))
            assert all(isinstance(note, str) for note in notes), f"{writer.name}: write returned {notes!r}"
            assert path.is_file(), f"{writer.name}: no file was written"
            contents.append(path.read_bytes())
    assert contents[0] == contents[1], f"{writer.name}: the same events give another file the second time"


_CHECKS: dict[str, Callable[[Any, Any, DataInfo], None]] = {
    "dataset": _dataset,
    "transform": _transform,
    "architecture": _architecture,
    "loss": _loss,
    "strategy": _strategy,
    "metric": _metric,
    "reference": _reference,
    "callback": _callback,
    "writer": _writer,
}
