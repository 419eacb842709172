"""One training step of a generator against a critic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from runner.api import DataInfo, TrainingStep

if TYPE_CHECKING:
    from plugins.adversarial import AdversarialParams

LOSSES = ("generator", "critic", "wasserstein", "penalty")


class AdversarialModel(keras.Model):
    """Generator, critic and their optimizers."""

    def __init__(
        self,
        params: AdversarialParams,
        networks: Mapping[str, keras.Model],
        losses: Mapping[str, Callable[..., Any]],
        optimizers: Mapping[str, keras.optimizers.Optimizer],
        data: DataInfo,
    ) -> None:
        super().__init__()
        self.params = params
        self.generator, self.critic = networks["generator"], networks["critic"]
        self.adversarial, self.penalty = losses["adversarial"], losses.get("penalty")
        self.generator_optimizer, self.critic_optimizer = optimizers["generator"], optimizers["critic"]
        self.conditional = bool(data.conditions)
        self.ranges = data.condition_ranges  # (2, n)
        if params.schedule == "random":
            self.last = keras.Variable(tf.zeros(len(LOSSES)), trainable=False, dtype="float32", name="last_losses")

    def train_step(self, step: TrainingStep) -> dict[str, Any]:
        """The steps of both networks, or of one of them; see `Adversarial`."""
        if self.params.schedule == "random":
            return self._random_step(step)
        for _ in range(self.params.critic_steps):
            real, conditions = step.batch()
            critic_losses = self._critic_step(step, real, conditions)
        for _ in range(self.params.generator_steps):
            generator_loss = self._generator_step(step, real, conditions)
        return dict(zip(LOSSES, (generator_loss, *critic_losses), strict=True))

    def generate(self, conditions: Any, seed: Any) -> Any:
        """Responses in network units, (events, *shape), at conditions (events, n)."""
        return self._generated(conditions, seed, training=False)

    def _random_step(self, step: TrainingStep) -> dict[str, Any]:
        critic, generator = self.params.critic_steps, self.params.generator_steps
        real, conditions = step.batch()
        chance = tf.random.stateless_uniform((), step.seed(), alg="philox")
        last = tf.unstack(tf.convert_to_tensor(self.last))
        losses = tf.cond(
            chance < critic / (critic + generator),
            lambda: tf.stack([last[0], *self._critic_step(step, real, conditions)]),
            lambda: tf.stack([self._generator_step(step, real, conditions), *last[1:]]),
        )
        self.last.assign(losses)
        return dict(zip(LOSSES, tf.unstack(losses), strict=True))

    def _critic_step(self, step: TrainingStep, real: Any, conditions: Any) -> tuple[Any, Any, Any]:
        """Loss, difference of mean scores, and penalty."""
        fake_conditions = self._fake_conditions(step, conditions)
        fake = self._generated(fake_conditions, step.seed(), training=self.params.dropout)
        with tf.GradientTape() as tape:
            real_scores, fake_scores = self._both_scores(real, conditions, fake, fake_conditions)
            loss, _ = self.adversarial(real_scores, fake_scores)
            penalty = tf.zeros_like(loss)
            if self.penalty is not None:
                if fake_conditions is not conditions:
                    with tape.stop_recording():
                        fake = self._generated(conditions, step.seed(), training=self.params.dropout)
                penalty = self.penalty(lambda x: self._scores(x, conditions), real, fake, step.seed())
            total = loss + penalty
            scaled = self.critic_optimizer.scale_loss(total)
        self._descend(tape, scaled, self.critic, self.critic_optimizer)
        return total, tf.reduce_mean(fake_scores) - tf.reduce_mean(real_scores), penalty

    def _generator_step(self, step: TrainingStep, real: Any, conditions: Any) -> Any:
        fake_conditions = self._fake_conditions(step, conditions)
        real_scores = self._scores(real, conditions)
        with tf.GradientTape() as tape:
            fake = self._generated(fake_conditions, step.seed(), training=self.params.dropout)
            _, loss = self.adversarial(real_scores, self._scores(fake, fake_conditions))
            scaled = self.generator_optimizer.scale_loss(loss)
        self._descend(tape, scaled, self.generator, self.generator_optimizer)
        return loss

    @staticmethod
    def _descend(tape: Any, scaled_loss: Any, network: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        variables = network.trainable_variables
        optimizer.apply(tape.gradient(scaled_loss, variables), variables)

    def _both_scores(self, real: Any, conditions: Any, fake: Any, fake_conditions: Any) -> tuple[Any, Any]:
        """Scores of real and of generated responses."""
        if not self.params.scores_together or self.params.dropout:
            return self._scores(real, conditions), self._scores(fake, fake_conditions)
        scores = self._scores(tf.concat([real, fake], 0), tf.concat([conditions, fake_conditions], 0))
        return scores[: real.shape[0]], scores[real.shape[0] :]

    def _scores(self, responses: Any, conditions: Any) -> Any:
        scores = self.critic(self._inputs("responses", responses, conditions), training=self.params.dropout)
        return tf.cast(scores, tf.float32)  # under mixed precision networks return halves; losses need more digits

    def _generated(self, conditions: Any, seed: Any, *, training: bool) -> Any:
        events = conditions.shape[0] or tf.shape(conditions)[0]
        latent = self.generator.input["latent"].shape[1]
        noise = tf.random.stateless_normal((events, latent), seed, alg="philox")
        return tf.cast(self.generator(self._inputs("latent", noise, conditions), training=training), tf.float32)

    def _inputs(self, name: str, value: Any, conditions: Any) -> dict[str, Any]:
        return {name: value, "conditions": conditions} if self.conditional else {name: value}

    def _fake_conditions(self, step: TrainingStep, conditions: Any) -> Any:
        if self.params.fake_conditions == "batch" or not self.conditional:
            return conditions
        low, high = self.ranges
        return low + (high - low) * tf.random.stateless_uniform(conditions.shape, step.seed(), alg="philox")
