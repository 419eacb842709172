"""The training loop on a small strategy of its own, so that every promise can be checked exactly."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner import provenance, testing
from runner.api import Params, Sample, StoredArray, Transform
from runner.errors import DivergedError, PluginError, RunDirectoryError
from runner.optimizers import OPTIMIZERS, Adam, Decay
from runner.plan import Choice
from runner.transforms import FittedTransform

pytestmark = pytest.mark.training


class Same(Transform):
    """Nothing changes."""

    name = "same"

    def forward(self, params, state, responses, ops):
        return responses

    def inverse(self, params, state, responses, ops):
        return responses


@pytest.fixture
def events() -> Sample:
    """Fifty events whose first pixel is their number."""
    sample = testing.sample(events=50)
    sample.responses[:, 0, 0] = np.arange(50) + 1
    return sample


@pytest.fixture
def transform(events: Sample) -> FittedTransform:
    return FittedTransform.fit(Choice("same", Same(), Params(), "test"), events)


def make_trainer(
    events: Sample,
    transform: FittedTransform,
    seed: int = 3,
    scale: Any = 1.0,
    decay: Decay | None = None,
    batches: int = 2,
    told: bool = True,
) -> Any:
    from runner.backend import keras, ops
    from runner.backend.building import Built, optimizer
    from runner.backend.training import Trainer

    class Model(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.weight = self.add_weight(shape=(), initializer="zeros", name="weight")
            self.noise = keras.layers.Dropout(0.5, seed=1)

        def train_step(self, step: Any) -> dict[str, Any]:
            first, _ = step.batch()
            second, _ = step.batch()
            seeds = [step.seed(), step.seed()]
            factor = scale(1.0) if callable(scale) else scale
            self.weight.assign_add(factor * ops.sum(self.noise(ops.ones((4,)), training=True)))
            return {
                "first": ops.sum(first[:, 0, 0]),
                "second": ops.sum(second[:, 0, 0]),
                "seeds": ops.cast(ops.sum(ops.stack(seeds)) % 1000, "float32"),
                "weight": self.weight.value if told else ops.zeros(()),
                "rate": ops.convert_to_tensor(adam.learning_rate),
            }

        def generate(self, conditions: Any, seed: Any) -> Any:
            import tensorflow as tf

            return 3 * tf.random.stateless_uniform((conditions.shape[0], 8, 8), seed)

    model = Model()
    adam = optimizer(Adam(learning_rate=1.0))
    adam.build([model.weight])
    built = Built({"net": model}, {"net": adam}, {"net": decay}, batches, model)
    return Trainer(built, events, transform, batch_size=10, seed=seed)


def losses(trainer: Any, steps: int, block: int = 7, stop_after: int | None = None) -> dict[str, np.ndarray]:
    """History of a training, and a check that it is complete."""
    blocks: list[tuple[int, Mapping[str, np.ndarray]]] = []
    start = trainer.step
    trainer.run(
        steps=steps,
        block=block,
        checkpoint_every=5,
        on_block=lambda first, values: blocks.append((first, values)),
        on_checkpoint=lambda step: None,
        should_stop=lambda: stop_after is not None and trainer.step >= stop_after,
    )
    expected = start + 1
    for first, values in blocks:
        assert first == expected
        expected += len(values["first"])
    return {name: np.concatenate([values[name] for _, values in blocks]) for name in trainer.losses}


def test_a_pass_uses_every_event_once(events: Sample, transform: FittedTransform) -> None:
    from runner.backend import ops
    from runner.backend.data import ResidentData

    data = ResidentData(events, transform, batches=1, batch_size=10, seed=1)

    def numbers_of(step: int) -> np.ndarray:
        ((responses, _),) = data.batches(ops.convert_to_tensor(step, "int64"), 0)
        return ops.convert_to_numpy(responses)[:, 0, 0]

    passes = [np.concatenate([numbers_of(step) for step in range(start, start + 5)]) for start in (0, 5)]
    for numbers in passes:
        np.testing.assert_array_equal(np.sort(numbers), np.arange(50) + 1)
    assert not np.array_equal(*passes)


def test_batches_carry_their_own_conditions(events: Sample, transform: FittedTransform) -> None:
    from runner.backend import ops
    from runner.backend.data import ResidentData

    data = ResidentData(events, transform, batches=2, batch_size=20, seed=1)
    responses, conditions = data.batches(ops.convert_to_tensor(4, "int64"), 0)[1]
    index = ops.convert_to_numpy(responses)[:, 0, 0].astype(int) - 1
    np.testing.assert_array_equal(ops.convert_to_numpy(conditions), events.conditions[index])


def test_events_that_stay_in_their_file_are_used_the_same_way(
    tmp_path: Path, events: Sample, transform: FittedTransform
) -> None:
    file, order = tmp_path / "events", np.random.default_rng(0).permutation(50)
    events.responses[order].tofile(file)
    mapped = np.memmap(file, np.float32, "r")
    stored = StoredArray(mapped, np.argsort(order) * 64, (8, 8))
    assert stored.shape == (50, 8, 8)
    np.testing.assert_array_equal(stored, events.responses)
    np.testing.assert_array_equal(stored[3], events.responses[3])
    kept: Any = stored
    elsewhere = replace(events, responses=kept)
    assert elsewhere.stored
    assert provenance.digest_sample(elsewhere) == provenance.digest_sample(events)
    some = elsewhere.take(events.event_ids % 2 == 0).take([3, 1])
    assert some.stored
    np.testing.assert_array_equal(some.loaded().responses, events.take([6, 2]).responses)
    expected, found = (losses(make_trainer(sample, transform), 20) for sample in (events, elsewhere))
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


def test_batches_depend_on_seed_step_and_number_alone(events: Sample, transform: FittedTransform) -> None:
    first = losses(make_trainer(events, transform), 20, block=7)
    again = losses(make_trainer(events, transform), 20, block=3)
    other = losses(make_trainer(events, transform, seed=4), 20)
    for name in ("first", "second", "seeds"):
        np.testing.assert_array_equal(first[name], again[name])
        assert not np.array_equal(first[name], other[name])
    assert not np.array_equal(first["first"], first["second"])
    assert len(set(first["seeds"])) > 15


def test_a_restored_training_goes_on_to_the_same_bits(
    tmp_path: Path, events: Sample, transform: FittedTransform
) -> None:
    from runner.backend import checkpoints

    whole = make_trainer(events, transform)
    expected = losses(whole, 20)
    first = make_trainer(events, transform)
    begun = losses(first, 20, stop_after=10)
    checkpoints.save(tmp_path / "checkpoint.h5", first)
    second = make_trainer(events, transform)
    checkpoints.restore(tmp_path / "checkpoint.h5", second)
    assert second.step == first.step < 20
    rest = losses(second, 20)
    for name, values in expected.items():  # "weight" depends on the state of dropout's seed generator
        np.testing.assert_array_equal(values, np.concatenate([begun[name], rest[name]]))


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path, events: Sample, transform: FittedTransform) -> None:
    import h5py

    from runner.backend import checkpoints

    trainer = make_trainer(events, transform)
    path = tmp_path / "checkpoint.h5"
    checkpoints.save(path, trainer)
    with h5py.File(path, "a") as file:
        name = next(iter(file["networks/net"]))
        del file[f"networks/net/{name}"]
    with pytest.raises(RunDirectoryError, match="is only in the experiment's networks"):
        checkpoints.restore(path, trainer)
    with h5py.File(path, "a") as file:
        file[f"networks/net/{name}"] = np.zeros((3, 3), np.float32)
    with pytest.raises(RunDirectoryError, match=r"is float32 \(3, 3\), but the experiment's"):
        checkpoints.restore(path, trainer)
    path.write_bytes(b"no HDF5")
    with pytest.raises(RunDirectoryError, match="not a checkpoint"):
        checkpoints.restore(path, trainer)


def test_checkpoints_come_at_their_steps_and_when_stopping(events: Sample, transform: FittedTransform) -> None:
    trainer, seen = make_trainer(events, transform), []
    options = {"block": 4, "checkpoint_every": 6, "on_block": lambda *_: None, "on_checkpoint": seen.append}
    assert trainer.run(steps=15, should_stop=lambda: False, **options)
    assert seen == [6, 12, 15]
    seen.clear()
    answers: Iterator[bool] = iter([False, True])
    assert not trainer.run(steps=40, should_stop=lambda: next(answers), **options)
    assert seen == [18, 22]


def test_a_loss_that_is_not_finite_stops_with_its_name_and_step(events: Sample, transform: FittedTransform) -> None:
    trainer = make_trainer(events, transform, scale=1e38)
    with pytest.raises(DivergedError, match=r"the loss weight is inf at step \d"):
        losses(trainer, 20)


def test_a_weight_that_is_not_finite_stops_although_every_loss_is(events: Sample, transform: FittedTransform) -> None:
    trainer = make_trainer(events, transform, scale=1e38, told=False)
    with pytest.raises(DivergedError, match=r"weight of the net is NaN or infinite after step 5"):
        losses(trainer, 20)


def test_a_variable_that_no_checkpoint_would_keep_is_refused(events: Sample, transform: FittedTransform) -> None:
    import tensorflow as tf

    counter = tf.Variable(0.0, name="calls")
    with pytest.raises(PluginError, match="uses the variable calls:0, which no checkpoint would keep"):
        make_trainer(events, transform, scale=counter.assign_add)


def test_a_few_steps_are_not_worth_a_trial(events: Sample, transform: FittedTransform) -> None:
    from runner.backend import compiling

    trainer = make_trainer(events, transform)
    expected = float(trainer.built.model.weight)
    _, record = compiling.trial(lambda jit_compile: trainer, 999)
    assert (record.jit_compile, record.reason) == (False, "999 steps are too few for a trial")
    assert float(trainer.built.model.weight) == expected


@pytest.mark.parametrize("worth_it", [False, True])
def test_a_trial_leaves_no_trace(
    events: Sample, transform: FittedTransform, monkeypatch: pytest.MonkeyPatch, worth_it: bool
) -> None:
    from runner.backend import compiling
    from runner.backend.training import Trainer

    monkeypatch.setattr(compiling, "_WORTH_A_TRIAL", 0.0 if worth_it else 1e9)
    decay = Decay(rate=0.5, every=1)
    expected = losses(make_trainer(events, transform, decay=decay), 20)
    first, made = make_trainer(events, transform, decay=decay), list[bool]()

    def make(jit_compile: bool) -> Any:
        made.append(jit_compile)
        options: dict[str, Any] = {"batch_size": 10, "seed": 3, "jit_compile": jit_compile}
        return Trainer(first.built, events, transform, **options) if jit_compile else first

    trainer, record = compiling.trial(make, 1000)
    assert made == ([False, True] if worth_it else [False])
    assert re.search(r"^\d+\.\d ms per step without, \d+\.\d ms with$" if worth_it else "too short", record.reason)
    assert (trainer is first) != record.jit_compile
    for name, values in losses(trainer, 20).items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-5 if record.jit_compile else 0)


def test_a_training_that_xla_cannot_compile_goes_without(
    events: Sample, transform: FittedTransform, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tensorflow as tf

    from runner.backend import compiling

    monkeypatch.setattr(compiling, "_WORTH_A_TRIAL", 0.0)
    message = "Graph execution error:\n\n a stack\nno kernel for that\n\t [[{{node x}}]]\n more"

    def make(jit_compile: bool) -> Any:
        if jit_compile:
            raise tf.errors.UnimplementedError(None, None, message)
        return make_trainer(events, transform)

    _, record = compiling.trial(make, 1000)
    assert (record.jit_compile, record.reason) == (False, "XLA cannot compile it: no kernel for that")


@pytest.mark.parametrize(
    ("decay", "expected"),
    [
        (None, [1.0] * 12),
        (Decay(rate=0.5, every=4), [1.0] * 4 + [0.5] * 4 + [0.25] * 4),
        # two batches of 10 in each step, 50 events: an epoch is two and a half steps
        (Decay(rate=0.5, every=1, unit="epochs"), [1.0] * 3 + [0.5] * 2 + [0.25] * 3 + [0.125] * 2 + [0.0625] * 2),
        (Decay(rate=0.5, every=2, unit="epochs"), [1.0] * 5 + [0.5] * 5 + [0.25] * 2),
    ],
    ids=["constant", "steps", "epochs", "every second epoch"],
)
def test_learning_rates_follow_steps_or_epochs(
    events: Sample, transform: FittedTransform, decay: Decay | None, expected: list[float]
) -> None:
    trainer = make_trainer(events, transform, decay=decay)
    np.testing.assert_array_equal(losses(trainer, 12)["rate"], expected)


def test_batches_that_were_not_declared_are_refused(events: Sample, transform: FittedTransform) -> None:
    with pytest.raises(PluginError, match="asked for 2 batches, but the strategy declares 3"):
        make_trainer(events, transform, batches=3)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("scaled", [False, True])
def test_every_optimizer_descends(name: str, scaled: bool) -> None:
    from pydantic import TypeAdapter

    from runner.backend import keras, ops
    from runner.backend.building import optimizer
    from runner.optimizers import Optimizer

    settings = TypeAdapter(Optimizer).validate_python({"name": name, "learning_rate": 0.1})
    built = optimizer(settings, scaled=scaled)
    assert isinstance(built, keras.optimizers.LossScaleOptimizer) == scaled
    weight = keras.Variable([2.0, -3.0])
    built.build([weight])
    for _ in range(3):
        gradient = 2 * ops.convert_to_tensor(weight)
        built.apply([built.scale_loss(gradient)], [weight])
    assert float(ops.sum(ops.square(weight))) < 13
    assert float(built.learning_rate) == pytest.approx(0.1)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("scaled", [False, True])
def test_a_checkpoint_holds_every_variable_of_every_optimizer(name: str, scaled: bool) -> None:
    from pydantic import TypeAdapter

    from runner.backend import keras
    from runner.backend.building import Built, optimizer, variables
    from runner.optimizers import Optimizer

    built = optimizer(TypeAdapter(Optimizer).validate_python({"name": name}), scaled=scaled)
    built.build([keras.Variable(np.ones((3, 4)))])
    held = {id(variable) for _, variable in variables(Built({}, {"net": built}, {"net": None}, 1, keras.Model()))}
    for owner in (built, getattr(built, "inner_optimizer", built)):
        for attribute, value in vars(owner).items():
            if attribute == "_trainable_variables":
                continue  # the network's
            inside = value if isinstance(value, list | tuple) else [value]
            assert all(id(item) in held for item in inside if isinstance(item, keras.Variable))


def test_the_first_responses_do_not_depend_on_how_many_are_asked_for(
    events: Sample, transform: FittedTransform
) -> None:
    from runner.backend.sampling import Sampler

    model = make_trainer(events, transform).built.model
    conditions = np.linspace(0, 15, 1203, dtype=np.float32)[:, None]
    sampler = Sampler(model, transform, 5)
    many, few = sampler(conditions), sampler(conditions[:40])
    np.testing.assert_array_equal(many.responses[:40], few.responses)
    np.testing.assert_array_equal(many.conditions, conditions)
    assert not ((many.responses > 0) & (many.responses < 1)).any()  # the threshold of these data is 1
    assert (many.responses[1000] != many.responses[0]).any()
    assert (Sampler(model, transform, 6)(conditions[:40]).responses != few.responses).any()


def test_a_saved_network_opens_in_plain_keras_with_the_same_numbers(tmp_path: Path) -> None:
    from runner.backend import keras, keras_h5

    def network() -> Any:
        inputs = {"latent": keras.Input((3,), name="latent"), "conditions": keras.Input((1,), name="conditions")}
        joined = keras.layers.Concatenate()([inputs["conditions"], inputs["latent"]])
        return keras.Model(inputs, keras.layers.Dense(4)(joined))

    first, path = network(), tmp_path / "model" / "generator.h5"
    keras_h5.save_network(path, first)
    values = {"latent": np.ones((2, 3), np.float32), "conditions": np.full((2, 1), 5, np.float32)}
    opened = keras.models.load_model(path, compile=False)
    np.testing.assert_array_equal(opened(values), first(values))
    second = network()
    keras_h5.load_weights(path, second)
    np.testing.assert_array_equal(second(values), first(values))
    wrong = keras.Sequential([keras.Input((7,)), keras.layers.Dense(2)])
    with pytest.raises(RunDirectoryError, match="not the weights of this network"):
        keras_h5.load_weights(path, wrong)
