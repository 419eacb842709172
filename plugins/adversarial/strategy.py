"""One training step of a generator against a critic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from runner.api import DataInfo, TrainingStep

if TYPE_CHECKING:
    from plugins.adversarial import AdversarialParams


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

    def train_step(self, step: TrainingStep) -> dict[str, Any]:
        """`critic_steps` critic steps on a batch each, then a generator step."""
        for _ in range(self.params.critic_steps):
            real, conditions = step.batch()
            critic_losses = self._critic_step(step, real, conditions)
        return {"generator": self._generator_step(step, real, conditions), **critic_losses}

    def generate(self, conditions: Any, seed: Any) -> Any:
        """Responses in network units, (events, *shape), at conditions (events, n)."""
        return self._generated(conditions, seed, training=False)

    def _critic_step(self, step: TrainingStep, real: Any, conditions: Any) -> dict[str, Any]:
        fake_conditions = self._fake_conditions(step, conditions)
        fake = self._generated(fake_conditions, step.seed(), training=self.params.dropout)
        with tf.GradientTape() as tape:
            real_scores = self._scores(real, conditions)
            fake_scores = self._scores(fake, fake_conditions)
            loss, _ = self.adversarial(real_scores, fake_scores)
            penalty = tf.zeros_like(loss)
            if self.penalty is not None:
                if fake_conditions is not conditions:
                    with tape.stop_recording():
                        fake = self._generated(conditions, step.seed(), training=self.params.dropout)
                penalty = self.penalty(lambda x: self._scores(x, conditions), real, fake, step.seed())
            total = loss + penalty
        self._descend(tape, total, self.critic, self.critic_optimizer)
        distance = tf.reduce_mean(fake_scores) - tf.reduce_mean(real_scores)
        return {"critic": total, "wasserstein": distance, "penalty": penalty}

    def _generator_step(self, step: TrainingStep, real: Any, conditions: Any) -> Any:
        fake_conditions = self._fake_conditions(step, conditions)
        real_scores = self._scores(real, conditions)
        with tf.GradientTape() as tape:
            fake = self._generated(fake_conditions, step.seed(), training=self.params.dropout)
            _, loss = self.adversarial(real_scores, self._scores(fake, fake_conditions))
        self._descend(tape, loss, self.generator, self.generator_optimizer)
        return loss

    @staticmethod
    def _descend(tape: Any, loss: Any, network: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        variables = network.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)

    def _scores(self, responses: Any, conditions: Any) -> Any:
        return self.critic(self._inputs("responses", responses, conditions), training=self.params.dropout)

    def _generated(self, conditions: Any, seed: Any, *, training: bool) -> Any:
        events = conditions.shape[0] or tf.shape(conditions)[0]
        latent = self.generator.input["latent"].shape[1]
        noise = tf.random.stateless_normal((events, latent), seed, alg="philox")
        return self.generator(self._inputs("latent", noise, conditions), training=training)

    def _inputs(self, name: str, value: Any, conditions: Any) -> dict[str, Any]:
        return {name: value, "conditions": conditions} if self.conditional else {name: value}

    def _fake_conditions(self, step: TrainingStep, conditions: Any) -> Any:
        if self.params.fake_conditions == "batch" or not self.conditional:
            return conditions
        low, high = self.ranges
        return low + (high - low) * tf.random.stateless_uniform(conditions.shape, step.seed(), alg="philox")
