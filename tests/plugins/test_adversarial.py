"""Losses against NumPy, and steps that change only what they should."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from plugins.adversarial import Adversarial, AdversarialParams, GradientPenalty, GradientPenaltyParams, Wasserstein
from runner import testing
from runner.api import DataInfo, Params
from runner.backend import keras, ops

pytestmark = pytest.mark.training

INFO = testing.INFO
RNG = np.random.default_rng(0)


class Step:
    """A training step that hands out fixed batches and counts what is asked for."""

    def __init__(self, events: int = 16) -> None:
        sample = testing.sample(events=events)
        self.responses = ops.convert_to_tensor(np.log(np.maximum(sample.responses, 1)))
        self.conditions = ops.convert_to_tensor(sample.conditions)
        self.batches = self.seeds = 0

    def batch(self) -> tuple[Any, Any]:
        self.batches += 1
        return self.responses, self.conditions

    def seed(self) -> Any:
        self.seeds += 1
        return ops.convert_to_tensor(np.array([7, self.seeds], np.int32))


def dense_networks(seed: int = 0) -> dict[str, keras.Model]:
    """A small generator and critic with dropout and batch statistics."""
    keras.utils.set_random_seed(seed)
    inputs = {"latent": keras.Input((5,), name="latent"), "conditions": keras.Input((1,), name="conditions")}
    x = keras.layers.Concatenate()([inputs["conditions"], inputs["latent"]])
    x = keras.layers.BatchNormalization()(keras.layers.Dense(64)(x))
    generator = keras.Model(inputs, keras.layers.Reshape((8, 8))(x))
    inputs = {"responses": keras.Input((8, 8), name="responses"), "conditions": keras.Input((1,), name="conditions")}
    x = keras.layers.Concatenate()([inputs["conditions"], keras.layers.Flatten()(inputs["responses"])])
    x = keras.layers.Dropout(0.5)(keras.layers.Dense(8, activation="tanh")(x))
    return {"generator": generator, "critic": keras.Model(inputs, keras.layers.Dense(1)(x))}


def model(
    params: AdversarialParams, losses: Mapping[str, Callable[..., Any]] | None = None, info: DataInfo = INFO
) -> Any:
    chosen = losses or {
        "adversarial": Wasserstein().build(Params()),
        "penalty": GradientPenalty().build(GradientPenaltyParams()),
    }
    optimizers = {role: keras.optimizers.SGD(0.01) for role in ("generator", "critic")}
    return Adversarial().build(params, dense_networks(), chosen, optimizers, info)


def values(network: keras.Model) -> list[np.ndarray]:
    return [ops.convert_to_numpy(variable) for variable in network.trainable_variables]


def same(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_wasserstein() -> None:
    real, fake = RNG.normal(size=(2, 10, 1)).astype(np.float32)
    critic, generator = Wasserstein().build(Params())(ops.convert_to_tensor(real), ops.convert_to_tensor(fake))
    assert float(critic) == pytest.approx(fake.mean() - real.mean(), rel=1e-5)
    assert float(generator) == pytest.approx(-fake.mean(), rel=1e-5)


def penalty(scores: Callable[[Any], Any], real: np.ndarray, fake: np.ndarray, **params: Any) -> float:
    built = GradientPenalty().build(GradientPenaltyParams(**params))
    seed = ops.convert_to_tensor(np.array([1, 2], np.int32))
    return float(built(scores, ops.convert_to_tensor(real), ops.convert_to_tensor(fake), seed))


IMAGES = RNG.normal(size=(2, 6, 8, 8)).astype(np.float32)


@pytest.mark.parametrize("norm", [0.5, 1.0, 3.0])
def test_the_penalty_of_a_linear_critic_is_known(norm: float) -> None:
    direction = RNG.normal(size=(8, 8)).astype(np.float32)
    direction *= norm / np.linalg.norm(direction)

    def linear(x: Any) -> Any:
        return ops.sum(x * direction, axis=(1, 2))[:, None]

    real, fake = IMAGES
    assert penalty(linear, real, fake, weight=10) == pytest.approx(10 * (norm - 1) ** 2, abs=1e-4)
    one_sided = penalty(linear, real, fake, weight=10, one_sided=True)
    assert one_sided == pytest.approx(10 * max(norm - 1, 0) ** 2, abs=1e-4)


def test_the_penalty_is_taken_between_real_and_generated_responses() -> None:
    """For D(x) = |x|^2 / 2 the gradient is x itself, so that its norm is that of the point it is taken at."""

    def half_square(x: Any) -> Any:
        return ops.sum(x * x, axis=(1, 2))[:, None] / 2

    seen = []

    def recording(x: Any) -> Any:
        seen.append(ops.convert_to_numpy(x))
        return half_square(x)

    real, fake = IMAGES
    found = penalty(recording, real, fake, weight=1)
    (points,) = seen
    u = ((points - fake) / (real - fake)).reshape(6, -1)
    np.testing.assert_allclose(u, np.broadcast_to(u.mean(axis=1, keepdims=True), u.shape), atol=1e-3)
    assert ((u.mean(axis=1) > 0) & (u.mean(axis=1) < 1)).all()
    norms = np.linalg.norm(points.reshape(6, -1), axis=1)
    assert found == pytest.approx(((norms - 1) ** 2).mean(), rel=1e-4)


def test_a_critic_without_a_gradient_gives_no_nan() -> None:
    real, fake = IMAGES
    assert penalty(lambda x: 0 * ops.sum(x, axis=(1, 2))[:, None], real, fake, weight=10) == pytest.approx(10)
    network = keras.Sequential(
        [keras.Input((8, 8)), keras.layers.Flatten(), keras.layers.Dense(1, kernel_initializer="zeros")]
    )
    import tensorflow as tf

    with tf.GradientTape() as tape:
        built = GradientPenalty().build(GradientPenaltyParams())
        value = built(network, ops.convert_to_tensor(real), ops.convert_to_tensor(fake), ops.convert_to_tensor([1, 2]))
    gradient = tape.gradient(value, network.trainable_variables[0])
    assert np.isfinite(ops.convert_to_numpy(gradient)).all()


def test_losses_have_their_names_and_add_up() -> None:
    losses = model(AdversarialParams()).train_step(Step())
    assert list(losses) == ["generator", "critic", "wasserstein", "penalty"]
    assert float(losses["critic"]) == pytest.approx(float(losses["wasserstein"]) + float(losses["penalty"]), rel=1e-5)


def test_each_step_changes_its_own_network() -> None:
    made, step = model(AdversarialParams()), Step()
    generator, critic = values(made.generator), values(made.critic)
    made._critic_step(step, *step.batch())
    assert same(values(made.generator), generator)
    assert not same(values(made.critic), critic)
    critic = values(made.critic)
    made._generator_step(step, *step.batch())
    assert same(values(made.critic), critic)
    assert not same(values(made.generator), generator)


def test_one_step_descends_the_gradient_of_the_written_loss() -> None:
    """The critic's update for one weight, against a numerical derivative of the loss computed outside."""
    made, step = model(AdversarialParams(), {"adversarial": Wasserstein().build(Params())}), Step()
    kernel = made.critic.trainable_variables[0]
    before = ops.convert_to_numpy(kernel).copy()
    fake = made._generated(step.conditions, ops.convert_to_tensor(np.array([7, 1], np.int32)), training=False)

    def loss(change: float) -> float:
        shifted = before.copy()
        shifted[3, 2] += change
        kernel.assign(shifted)
        scores = [made._scores(images, step.conditions) for images in (step.responses, fake)]
        return float(ops.mean(scores[1]) - ops.mean(scores[0]))

    slope = (loss(1e-2) - loss(-1e-2)) / 2e-2
    kernel.assign(before)
    made._critic_step(step, step.responses, step.conditions)
    change = ops.convert_to_numpy(kernel)[3, 2] - before[3, 2]
    assert change == pytest.approx(-0.01 * slope, rel=2e-2)


def test_scoring_together_and_apart_are_the_same_step() -> None:
    kernels, calls = [], []
    for together in (True, False):
        made = model(AdversarialParams(scores_together=together))
        scored, of_critic = [], made._scores

        def counted(responses: Any, conditions: Any, scored: Any = scored, of_critic: Any = of_critic) -> Any:
            scored.append(responses.shape[0])
            return of_critic(responses, conditions)

        made._scores = counted
        step = Step()
        made._critic_step(step, *step.batch())
        kernels.append(values(made.critic))
        calls.append(scored)
    assert calls == [[32, 16], [16, 16, 16]]  # the last one is the penalty's
    for one, other in zip(*kernels, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("critic_steps", [1, 3])
def test_critic_steps_take_a_batch_each(critic_steps: int) -> None:
    params, step = AdversarialParams(critic_steps=critic_steps), Step()
    made = model(params)
    made.train_step(step)
    assert step.batches == critic_steps
    assert int(made.critic_optimizer.iterations) == critic_steps
    assert int(made.generator_optimizer.iterations) == 1
    assert Adversarial().batches(params) == critic_steps


def test_generator_steps_follow_the_critic_steps() -> None:
    params, step = AdversarialParams(critic_steps=2, generator_steps=3), Step()
    made = model(params)
    made.train_step(step)
    assert (int(made.critic_optimizer.iterations), int(made.generator_optimizer.iterations)) == (2, 3)


def test_a_random_schedule_steps_one_network_in_each_step() -> None:
    params = AdversarialParams(schedule="random", critic_steps=3, generator_steps=1)
    made, step = model(params), Step()
    assert Adversarial().batches(params) == 1
    counts, seen = [(0, 0)], [dict.fromkeys(("generator", "critic", "wasserstein", "penalty"), 0.0)]
    for _ in range(60):
        before = {"generator": values(made.generator), "critic": values(made.critic)}
        seen.append({name: float(value) for name, value in made.train_step(step).items()})
        counts.append((int(made.critic_optimizer.iterations), int(made.generator_optimizer.iterations)))
        stepped = "critic" if counts[-1][0] > counts[-2][0] else "generator"
        other = "generator" if stepped == "critic" else "critic"
        assert sum(counts[-1]) == sum(counts[-2]) + 1
        assert same(before[other], values(getattr(made, other)))
        assert not same(before[stepped], values(getattr(made, stepped)))
        kept = ("generator",) if stepped == "critic" else ("critic", "wasserstein", "penalty")
        assert all(seen[-1][name] == seen[-2][name] for name in kept)
    assert step.batches == 60
    critic, generator = counts[-1]
    assert abs(critic - 45) < 4 * np.sqrt(60 * 0.75 * 0.25)
    assert generator >= 5


def test_a_random_schedule_is_traced_once_and_follows_the_seed() -> None:
    import tensorflow as tf

    made = model(AdversarialParams(schedule="random"))
    responses, conditions = Step().batch()

    class Seeded:
        def __init__(self, number: Any) -> None:
            self.number, self.asked = number, 0

        def batch(self) -> tuple[Any, Any]:
            return responses, conditions

        def seed(self) -> Any:
            self.asked += 1
            return tf.stack([self.number, self.asked])

    compiled = tf.function(lambda number: made.train_step(Seeded(number)), autograph=False)
    for number in range(20):
        losses = compiled(tf.constant(number))
    assert all(np.isfinite(float(value)) for value in losses.values())
    assert int(made.critic_optimizer.iterations) + int(made.generator_optimizer.iterations) == 20
    assert 0 < int(made.critic_optimizer.iterations) < 20
    assert compiled.experimental_get_tracing_count() == 1


def test_halves_are_widened_before_losses_and_samples() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        made = model(AdversarialParams())
        losses = made.train_step(Step())
    finally:
        keras.config.set_dtype_policy("float32")
    assert made.critic.layers[-1].compute_dtype == "bfloat16"
    assert all(value.dtype == "float32" for value in losses.values())
    assert made.generate(ops.ones((3, 1)), ops.convert_to_tensor([1, 2])).dtype == "float32"
    assert all(variable.dtype == "float32" for variable in made.critic.trainable_variables)


def test_dropout_and_batch_statistics_are_inactive_unless_asked_for() -> None:
    def moving_mean(made: Any) -> np.ndarray:
        (layer,) = [layer for layer in made.generator.layers if isinstance(layer, keras.layers.BatchNormalization)]
        return ops.convert_to_numpy(layer.moving_mean)

    inactive, active = model(AdversarialParams()), model(AdversarialParams(dropout=True))
    for made in (inactive, active):
        made.train_step(Step())
    assert (moving_mean(inactive) == 0).all()
    assert (moving_mean(active) != 0).any()


def test_conditions_of_generated_responses() -> None:
    step = Step(events=2000)
    batch = model(AdversarialParams())._fake_conditions(step, step.conditions)
    assert batch is step.conditions
    uniform = ops.convert_to_numpy(
        model(AdversarialParams(fake_conditions="uniform"))._fake_conditions(step, step.conditions)
    )
    assert uniform.shape == (2000, 1)
    assert uniform.min() >= 0
    assert uniform.max() <= 15
    assert abs(uniform.mean() - 7.5) < 5 * 15 / np.sqrt(12 * 2000)
    assert not np.array_equal(uniform, ops.convert_to_numpy(step.conditions))


def test_generated_responses_depend_on_seed_and_conditions() -> None:
    made = model(AdversarialParams())
    conditions = np.full((4, 1), 3, np.float32)
    first, again, other = (
        ops.convert_to_numpy(made.generate(ops.convert_to_tensor(conditions), ops.convert_to_tensor([1, seed])))
        for seed in (1, 1, 2)
    )
    assert first.shape == (4, 8, 8)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_unconditional_networks_are_fed_no_conditions() -> None:
    info = DataInfo(INFO.axes, INFO.quantity, INFO.unit, INFO.threshold)
    generator_inputs = {"latent": keras.Input((5,), name="latent")}
    generator = keras.Model(
        generator_inputs, keras.layers.Reshape((8, 8))(keras.layers.Dense(64)(generator_inputs["latent"]))
    )
    critic_inputs = {"responses": keras.Input((8, 8), name="responses")}
    critic = keras.Model(critic_inputs, keras.layers.Dense(1)(keras.layers.Flatten()(critic_inputs["responses"])))
    optimizers = {role: keras.optimizers.SGD() for role in ("generator", "critic")}
    losses = {"adversarial": Wasserstein().build(Params())}
    made = Adversarial().build(
        AdversarialParams(fake_conditions="uniform"),
        {"generator": generator, "critic": critic},
        losses,
        optimizers,
        info,
    )
    step = Step()
    step.conditions = ops.zeros((16, 0))
    assert np.isfinite([float(value) for value in made.train_step(step).values()]).all()


def test_responses_are_generated_without_batch_statistics_even_where_training_uses_them() -> None:
    made = model(AdversarialParams(dropout=True))
    conditions = np.array([[1], [14], [3], [9]], np.float32)
    seed = ops.convert_to_tensor([1, 2])
    moving = [ops.convert_to_numpy(variable) for variable in made.generator.non_trainable_variables]
    first = ops.convert_to_numpy(made.generate(ops.convert_to_tensor(conditions), seed))
    again = ops.convert_to_numpy(made.generate(ops.convert_to_tensor(conditions), seed))
    np.testing.assert_array_equal(first, again)
    after = [ops.convert_to_numpy(variable) for variable in made.generator.non_trainable_variables]
    assert same(moving, after)


def telling_networks() -> dict[str, keras.Model]:
    """A generator whose pixels are its condition, and a critic that scores [mean pixel, condition]."""
    inputs = {"latent": keras.Input((5,), name="latent"), "conditions": keras.Input((1,), name="conditions")}
    nothing = keras.layers.Dense(64, kernel_initializer="zeros")(inputs["latent"])
    generator = keras.Model(inputs, keras.layers.Reshape((8, 8))(keras.layers.Add()([nothing, inputs["conditions"]])))
    inputs = {"responses": keras.Input((8, 8), name="responses"), "conditions": keras.Input((1,), name="conditions")}
    pixel = keras.layers.GlobalAveragePooling1D()(keras.layers.Reshape((64, 1))(inputs["responses"]))
    told = keras.layers.Concatenate()([pixel, inputs["conditions"]])
    critic = keras.Model(inputs, keras.layers.Dense(2, use_bias=False, kernel_initializer="identity")(told))
    return {"generator": generator, "critic": critic}


@pytest.mark.parametrize("fake_conditions", ["batch", "uniform"])
def test_generator_and_critic_are_told_the_same_conditions(fake_conditions: str) -> None:
    seen: list[tuple[np.ndarray, np.ndarray]] = []
    at_penalty: list[np.ndarray] = []

    def adversarial(real: Any, fake: Any) -> tuple[Any, Any]:
        seen.append((ops.convert_to_numpy(real), ops.convert_to_numpy(fake)))
        return ops.mean(fake) - ops.mean(real), -ops.mean(fake)

    def at_fakes(scores: Callable[[Any], Any], real: Any, fake: Any, seed: Any) -> Any:
        at_penalty.append(ops.convert_to_numpy(scores(fake)))
        return ops.convert_to_tensor(0.0)

    declared = replace(INFO.conditions[0], low=5.0, high=6.0)  # apart from most of the batch's
    optimizers = {role: keras.optimizers.SGD(0.0) for role in ("generator", "critic")}
    step = Step(events=200)
    losses = (
        Adversarial()
        .build(
            AdversarialParams(fake_conditions=fake_conditions),
            telling_networks(),
            {"adversarial": adversarial, "penalty": at_fakes},
            optimizers,
            replace(INFO, conditions=(declared,)),
        )
        .train_step(step)
    )
    batch = ops.convert_to_numpy(step.conditions)[:, 0]
    (critic_step, generator_step), (penalty_scores,) = seen, at_penalty
    for real, fake in (critic_step, generator_step):
        np.testing.assert_allclose(real[:, 1], batch)
        np.testing.assert_allclose(fake[:, 0], fake[:, 1], rtol=1e-5)
        if fake_conditions == "batch":
            np.testing.assert_allclose(fake[:, 1], batch)
        else:
            assert ((fake[:, 1] >= 5) & (fake[:, 1] <= 6)).all()
            assert np.ptp(fake[:, 1]) > 0.9
    np.testing.assert_allclose(penalty_scores, np.stack([batch, batch], axis=1), rtol=1e-5)
    assert float(losses["generator"]) == pytest.approx(-generator_step[1].mean(), rel=1e-5)
    assert float(losses["wasserstein"]) == pytest.approx(critic_step[1].mean() - critic_step[0].mean(), rel=1e-4)
