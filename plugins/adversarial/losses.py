"""Formulas of the adversarial losses, in TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def wasserstein(real_scores: Any, fake_scores: Any) -> tuple[Any, Any]:
    """``E[D(fake)] - E[D(real)]`` for the critic, ``-E[D(fake)]`` for the generator.

    Args:
        real_scores: (batch, 1).
        fake_scores: (batch, 1).
    """
    fake = tf.reduce_mean(fake_scores)
    return fake - tf.reduce_mean(real_scores), -fake


def gradient_norm(scores: Callable[[Any], Any], responses: Any) -> Any:
    """Euclidean norm of the critic's gradient at each response, (batch,).

    Where the gradient vanishes the norm has no derivative; 0 is taken for it instead of the NaN of sqrt'(0).
    """
    with tf.GradientTape() as tape:
        tape.watch(responses)
        total = tf.reduce_sum(scores(responses))
    # that of an event's own score, unless batch statistics are active
    gradient = tape.gradient(total, responses)  # (batch, *shape)
    square = tf.reduce_sum(tf.square(gradient), axis=range(1, gradient.shape.rank))
    positive = square > 0
    return tf.where(positive, tf.sqrt(tf.where(positive, square, 1.0)), 0.0)


def gradient_penalty(weight: float, one_sided: bool) -> Callable[..., Any]:
    """``w E[(||grad D|| - 1)^2]`` between real and generated responses; see the component."""

    def penalty(scores: Callable[[Any], Any], real: Any, fake: Any, seed: Any) -> Any:
        u = tf.random.stateless_uniform((real.shape[0], *(1,) * (real.shape.rank - 1)), seed, alg="philox")
        excess = gradient_norm(scores, u * real + (1 - u) * fake) - 1
        if one_sided:
            excess = tf.nn.relu(excess)
        return weight * tf.reduce_mean(tf.square(excess))

    return penalty
