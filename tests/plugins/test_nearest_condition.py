"""References made of real responses, and the look-up table in training."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from plugins.fidelity.memorisation import Memorisation
from plugins.nearest_condition import (
    NearestCondition,
    NearestConditionStrategy,
    NearestConditionTable,
    ShuffledConditions,
    TableParams,
)
from plugins.nearest_condition.lookup import nearest_rows
from runner import config
from runner.api import DataError, Params
from runner.errors import ExperimentError
from runner.plan import Plan, make_plan
from tests.plugins.fidelity_samples import part, simulated, values, with_responses, without_conditions

RNG = np.random.default_rng
EXPERIMENT = {
    "name": "table",
    "description": "the look-up table, small",
    "seed": 1,
    "dataset": {"name": "tpc_simulation", "events": 400, "crossing_angle": [0.0, 15.0]},
    "split": {"train": 0.6, "validation": 0.0, "test": 0.4},
    "transform": {"name": "log_amplitude", "conditions": "scaled"},
    "networks": {"generator": {"name": "nearest_condition_table", "events": 400}},
    "strategy": "nearest_condition",
    "training": {"steps": 10, "batch_size": 32},
}


def plan_of(folder: Path, **changes: Any) -> Plan:
    file = folder / "table.yaml"
    file.write_text(yaml.safe_dump(EXPERIMENT | changes))
    return make_plan(config.read(file))


def by_loops(known: np.ndarray, asked: np.ndarray, once: bool = False) -> list[int]:
    """The nearest row of each, in standardised conditions; that has not answered, if each answers `once`."""
    sigma = [float(np.std(column)) or 1.0 for column in known.T.astype(float)]
    found: list[int] = []
    for wanted in asked:
        nearest = min(
            (row for row in range(len(known)) if not (once and row in found)),
            key=lambda row: sum(
                ((float(x) - float(y)) / s) ** 2 for x, y, s in zip(wanted, known[row], sigma, strict=True)
            ),
        )
        found.append(nearest)
    return found


def test_the_nearest_training_event_answers() -> None:
    training, real = part(2), part(0).take(slice(0, 40))
    found = NearestCondition().respond(Params(), training, real, RNG(0))
    rows = by_loops(training.conditions, real.conditions, once=True)
    np.testing.assert_array_equal(found, training.responses[rows])


def test_the_least_used_of_the_near_training_events_answers() -> None:
    known = np.arange(30, dtype=np.float32)[:, None]
    asked = np.full((25, 1), 10, np.float32)
    rows = nearest_rows(known, asked)
    assert rows[0] == 10
    assert set(rows[1:3]) == {9, 11}
    assert len(set(rows[:20])) == 20
    assert list(rows[20:]) == list(rows[:5])  # a second round, the nearest first


def test_all_training_events_with_one_value_answer_in_turn() -> None:
    rng = np.random.default_rng(0)
    known, asked = (rng.integers(0, 3, (count, 1)).astype(np.float32) for count in (8000, 2000))
    rows = nearest_rows(known, asked)
    np.testing.assert_array_equal(known[rows], asked)
    assert len(set(rows)) == 2000


def test_training_events_answer_equally_often() -> None:
    known = np.array([[0]] * 50 + [[1]] * 100, np.float32)
    asked = np.array([[0]] * 150 + [[1]] * 200, np.float32)
    np.testing.assert_array_equal(np.bincount(nearest_rows(known, asked)), [3] * 50 + [2] * 100)


def test_few_training_events_with_one_value_are_helped_by_the_next() -> None:
    known = np.array([[0]] * 12 + [[1]] * 12 + [[5]] * 12, np.float32)
    counts = np.bincount(nearest_rows(known, np.zeros((48, 1), np.float32)), minlength=36)
    assert list(counts) == [2] * 24 + [0] * 12


def test_constant_conditions_decide_nothing() -> None:
    known = np.array([[5, 0], [5, 1], [5, 2]], np.float32)
    np.testing.assert_array_equal(nearest_rows(known, np.array([[5, 1.9], [9, 0.2]], np.float32)), [2, 0])


def test_without_conditions_random_training_events_answer() -> None:
    training, real = without_conditions(part(2)), without_conditions(part(0))
    found = NearestCondition().respond(Params(), training, real, RNG(0))
    known = {image.tobytes() for image in training.responses}
    assert {image.tobytes() for image in found} <= known
    assert len({image.tobytes() for image in found}) == 800  # drawn without repetition


def test_shuffled_responses_are_all_there_and_none_at_its_place() -> None:
    real = part(0)
    found = ShuffledConditions().respond(Params(), part(2), real, RNG(0))
    place = {image.tobytes(): number for number, image in enumerate(real.responses)}
    order = [place[image.tobytes()] for image in found]
    assert sorted(order) == list(range(len(real)))
    assert not (np.array(order) == np.arange(len(real))).any()
    other = ShuffledConditions().respond(Params(), part(2), real, RNG(1))
    assert not np.array_equal(found, other)


def test_one_event_cannot_be_shuffled() -> None:
    with pytest.raises(DataError, match="conditions of 1 events cannot be shuffled"):
        ShuffledConditions().respond(Params(), part(2), part(0).take([0]), RNG(0))


def test_memorisation_sees_through_the_table() -> None:
    training = simulated().take(slice(800, None))
    answers = NearestCondition().respond(Params(), training, part(0), RNG(0))
    metric = Memorisation()
    found = metric.measure(metric.Params(), part(0), with_responses(part(0), answers), RNG(0), training=training)
    assert values(found)["distance_ratio"] == 0
    assert values(found)["copies"] == 1


def test_an_optimizer_is_neither_needed_nor_taken(tmp_path: Path) -> None:
    assert plan_of(tmp_path).experiment.optimizers == {}
    with pytest.raises(ExperimentError) as caught:
        plan_of(tmp_path, optimizers={"generator": "adam"})
    (problem,) = caught.value.problems
    assert problem.key == "optimizers.generator"
    assert problem.message == "nearest_condition has no use for an optimizer of 'generator'"


class Batches:
    """Training steps that hand out given batches."""

    def __init__(self, *batches: tuple[np.ndarray, np.ndarray]) -> None:
        self.left = list(batches)

    def batch(self) -> tuple[Any, Any]:
        from runner.backend import ops

        responses, conditions = self.left.pop(0)
        return ops.convert_to_tensor(responses), ops.convert_to_tensor(conditions)


def filled(rows: int, sizes: list[int], conditional: bool = True) -> tuple[Any, np.ndarray, np.ndarray]:
    """A model after one step for each size, and the events it was shown."""
    sample = part(0) if conditional else without_conditions(part(0))
    network = NearestConditionTable().build(TableParams(events=rows), sample.info)
    model = NearestConditionStrategy().build(Params(), {"generator": network}, {}, {}, sample.info)
    ends = np.cumsum([0, *sizes])
    steps = Batches(*((sample.responses[a:b], sample.conditions[a:b]) for a, b in itertools.pairwise(ends)))
    for _ in sizes:
        losses = model.train_step(steps)
    assert float(losses["empty"]) == pytest.approx(max(1 - ends[-1] / rows, 0))
    return model, sample.responses[: ends[-1]], sample.conditions[: ends[-1]]


def generated(model: Any, conditions: np.ndarray) -> np.ndarray:
    from runner.backend import ops

    seed = ops.convert_to_tensor(np.array([3, 4], np.int32))
    return np.asarray(model.generate(ops.convert_to_tensor(conditions), seed))


@pytest.mark.training
@pytest.mark.parametrize("rows", [60, 100])
def test_the_table_answers_with_the_nearest_row_that_is_filled(rows: int) -> None:
    model, responses, conditions = filled(rows, [20, 40])
    asked = part(1).conditions[:50]
    np.testing.assert_array_equal(generated(model, asked), responses[by_loops(conditions, asked)])


@pytest.mark.training
def test_a_full_table_begins_again() -> None:
    model, responses, conditions = filled(50, [20, 20, 20])
    kept = np.r_[50:60, 10:50]
    asked = part(1).conditions[:50]
    np.testing.assert_array_equal(generated(model, asked), responses[kept][by_loops(conditions[kept], asked)])


@pytest.mark.training
def test_of_a_batch_larger_than_the_table_the_first_events_are_kept() -> None:
    model, responses, _ = filled(5, [20])
    np.testing.assert_array_equal(np.asarray(model.table.responses), responses[:5])


@pytest.mark.training
def test_without_conditions_rows_are_drawn() -> None:
    model, responses, _ = filled(100, [30], conditional=False)
    found = generated(model, np.empty((400, 0), np.float32))
    assert {image.tobytes() for image in found} == {image.tobytes() for image in responses}
    assert np.array_equal(found, generated(model, np.empty((400, 0), np.float32)))


@pytest.mark.training
def test_another_generator_is_refused() -> None:
    from runner.backend import keras

    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(64)])
    with pytest.raises(DataError, match="write nearest_condition_table"):
        NearestConditionStrategy().build(Params(), {"generator": network}, {}, {}, part(0).info)


@pytest.mark.training
def test_it_is_trained_saved_and_restored_like_any_other(tmp_path: Path) -> None:
    from runner.backend import checkpoints, keras_h5
    from runner.backend.sampling import Sampler
    from runner.backend.training import Trainer
    from runner.launch.preparing import prepare

    def prepared_trainer() -> tuple[Any, Any]:
        prepared = prepare(plan_of(tmp_path))
        trainer = Trainer(prepared.built, prepared.splits.train, prepared.transform, batch_size=32, seed=1)
        return prepared, trainer

    prepared, trainer = prepared_trainer()
    trainer.compute(10)
    training, test = prepared.splits.train, prepared.splits.test
    assert len(training) <= 320
    answers = Sampler(prepared.built.model, prepared.transform, 1)(test.conditions)
    expected = training.responses[by_loops(training.conditions, test.conditions)]
    np.testing.assert_allclose(answers.responses, expected, rtol=1e-5)

    metric = Memorisation()
    found = metric.measure(metric.Params(), test, answers, RNG(0), training=training)
    assert values(found)["copies"] == 1
    assert values(found)["distance_ratio"] < 1e-5

    checkpoints.save(tmp_path / "checkpoint.h5", trainer)
    keras_h5.save_network(tmp_path / "generator.h5", prepared.built.networks["generator"])
    for restore in (
        lambda built, trainer: checkpoints.restore(tmp_path / "checkpoint.h5", trainer),
        lambda built, trainer: keras_h5.load_weights(tmp_path / "generator.h5", built.networks["generator"]),
    ):
        other, again = prepared_trainer()
        restore(other.built, again)
        same = Sampler(other.built.model, other.transform, 1)(test.conditions)
        np.testing.assert_array_equal(same.responses, answers.responses)


@pytest.mark.training
def test_the_network_opens_in_plain_keras(tmp_path: Path) -> None:
    from runner.backend import keras, keras_h5

    model, responses, conditions = filled(60, [40])
    keras_h5.save_network(tmp_path / "generator.h5", model.generator)
    opened = keras.models.load_model(tmp_path / "generator.h5", compile=False)
    inputs = {"latent": np.zeros((40, 1), np.float32), "conditions": conditions}
    np.testing.assert_array_equal(np.asarray(opened(inputs)), responses)
