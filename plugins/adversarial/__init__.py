"""Adversarial training: a generator against a critic, with interchangeable losses and penalties."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from runner.api import DataInfo, Field, Loss, Params, Role, Slot, Strategy, hookimpl

if TYPE_CHECKING:
    import keras


class AdversarialParams(Params):
    """Parameters of `adversarial`."""

    schedule: Literal["alternate", "random"] = Field(
        "alternate",
        description="alternate: critic_steps, then generator_steps, in each training step; random: one of the two "
        "networks is stepped in each training step, with probabilities in the ratio of critic_steps to generator_steps",
    )
    critic_steps: int = Field(1, ge=1, description="critic steps, each on a batch of its own")
    generator_steps: int = Field(1, ge=1, description="generator steps")
    dropout: bool = Field(
        False,
        description="whether dropout and batch statistics are active in training; in PhysGAN they in effect never were",
    )
    scores_together: bool = Field(
        True,
        description="whether the critic scores real and generated responses in one call, which is faster; off for a "
        "critic that compares the events of a batch; never done while batch statistics are active",
    )
    fake_conditions: Literal["batch", "uniform"] = Field(
        "batch",
        description="conditions of the generated responses: those of the batch, or drawn uniformly in their declared "
        "ranges, as PhysGAN did for the adversarial loss (its penalty uses those of the batch either way)",
    )


class Adversarial(Strategy):
    """Critic steps, then generator steps; or a random choice of the network to step.

    Each critic step takes a batch of its own, generates as many responses, and descends
    ``L = adversarial(real, fake) + penalty(real, fake)``; the generator is not differentiated in it. A generator
    step descends the adversarial loss of newly generated responses, at the conditions of the last batch.
    Losses: generator, critic (its sum), wasserstein (the difference of mean scores ``E[D(fake)] - E[D(real)]``,
    whichever adversarial loss trains) and penalty (with its weight), each of the network's last step; 0 before its
    first one.
    """

    name = "adversarial"
    Params = AdversarialParams
    reference = "Goodfellow et al., arXiv:1406.2661; stepping as in Arjovsky et al., arXiv:1701.07875, algorithm 1"
    generating = ("generator",)
    roles = {
        "generator": Role(inputs=("latent",), output="responses"),
        "critic": Role(inputs=("responses",)),
    }
    slots = {
        "adversarial": Slot(
            "loss(real_scores, fake_scores) -> (critic_loss, generator_loss): two scalars from the critic's scores "
            "(batch, m) of real and of generated responses; each network descends its own, and nothing is computed "
            "for the other's"
        ),
        "penalty": Slot(
            "penalty(scores, real, fake, seed) -> scalar, its weight included: scores maps responses (batch, *shape) "
            "to the critic's scores (batch, m) at the conditions of the batch, fake was generated at the same "
            "conditions, seed is an int32 tensor (2,) for tf.random.stateless_*",
            required=False,
        ),
    }

    def batches(self, params: AdversarialParams) -> int:
        """One for each critic step, or for the one network that is stepped."""
        return params.critic_steps if params.schedule == "alternate" else 1

    def build(
        self,
        params: AdversarialParams,
        networks: Mapping[str, keras.Model],
        losses: Mapping[str, Callable[..., Any]],
        optimizers: Mapping[str, keras.optimizers.Optimizer],
        data: DataInfo,
    ) -> keras.Model:
        """The two networks, their optimizers and the steps."""
        from plugins.adversarial.strategy import AdversarialModel

        return AdversarialModel(params, networks, losses, optimizers, data)


class Wasserstein(Loss):
    """Wasserstein distance between real and generated responses, estimated by the critic D.

    Critic: ``E[D(fake)] - E[D(real)]``; generator: ``-E[D(fake)]``. D has to be kept 1-Lipschitz, by a penalty.
    """

    name = "wasserstein"
    slot = "adversarial"
    reference = "Arjovsky, Chintala, Bottou, arXiv:1701.07875, eq. 3"

    def build(self, params: Params) -> Callable[..., Any]:
        """``loss(real_scores, fake_scores) -> (critic_loss, generator_loss)``."""
        from plugins.adversarial import losses

        return losses.wasserstein


class GradientPenaltyParams(Params):
    """Parameters of `gradient_penalty`."""

    weight: float = Field(10.0, ge=0, allow_inf_nan=False, description="factor of the penalty in the critic's loss")
    one_sided: bool = Field(False, description="whether only norms above 1 are penalised")


class GradientPenalty(Loss):
    """Penalty on critic gradients whose norm is not 1, between real and generated responses.

    ``w E[(||grad_x D(x)||_2 - 1)^2]`` at ``x = u real + (1 - u) fake``, u ~ U(0, 1) per event, the norm over the
    whole response; one-sided: ``w E[max(||grad_x D(x)||_2 - 1, 0)^2]``.
    """

    name = "gradient_penalty"
    slot = "penalty"
    Params = GradientPenaltyParams
    reference = "Gulrajani et al., arXiv:1704.00028, eq. 3"

    def build(self, params: GradientPenaltyParams) -> Callable[..., Any]:
        """``penalty(scores, real, fake, seed) -> scalar``."""
        from plugins.adversarial import losses

        return losses.gradient_penalty(params.weight, params.one_sided)


@hookimpl
def runner_strategies() -> Iterable[Strategy]:
    """The strategy of this plugin."""
    return [Adversarial()]


@hookimpl
def runner_losses() -> Iterable[Loss]:
    """The losses of this plugin."""
    return [Wasserstein(), GradientPenalty()]
