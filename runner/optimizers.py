"""Optimizers an experiment can ask for: Keras' own, by name, with their own parameters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


class Decay(_Section):
    """Learning rate multiplied by `rate` after every `every` training steps or epochs."""

    rate: float = Field(gt=0, le=1, description="factor")
    every: int = Field(ge=1, description="steps or epochs between two multiplications")
    unit: Literal["steps", "epochs"] = Field(
        "steps", description="what is counted; an epoch has passed when as many events were used as there are"
    )


class _Optimizer(_Section):
    learning_rate: float = Field(1e-3, gt=0, allow_inf_nan=False, description="step size")
    decay: Decay | None = Field(None, description="how the learning rate falls; null: it stays")


class _Moments(_Optimizer):
    beta_1: float = Field(0.9, ge=0, lt=1, description="memory of the running mean")
    beta_2: float = Field(0.999, ge=0, lt=1, description="memory of the running mean square")
    epsilon: float = Field(1e-7, gt=0, description="smallest divisor")


class RMSprop(_Optimizer):
    """Gradient divided by a running root mean square of its size (Tieleman, Hinton 2012)."""

    name: Literal["rmsprop"] = "rmsprop"
    rho: float = Field(0.9, ge=0, lt=1, description="memory of the running mean square")
    momentum: float = Field(0.0, ge=0, lt=1, description="share of the last update that is kept")
    epsilon: float = Field(1e-7, gt=0, description="smallest divisor")


class Adam(_Moments):
    """Adaptive moments (Kingma, Ba, arXiv:1412.6980)."""

    name: Literal["adam"] = "adam"


class AdamW(_Moments):
    """Adam with decoupled weight decay (Loshchilov, Hutter, arXiv:1711.05101)."""

    name: Literal["adamw"] = "adamw"
    weight_decay: float = Field(0.004, ge=0, description="share of each weight removed per unit of learning rate")


class SGD(_Optimizer):
    """Stochastic gradient descent with momentum."""

    name: Literal["sgd"] = "sgd"
    momentum: float = Field(0.0, ge=0, lt=1, description="share of the last update that is kept")
    nesterov: bool = Field(False, description="whether the gradient is taken after the momentum")


class Adadelta(_Optimizer):
    """Steps scaled by running mean squares of gradients and of updates (Zeiler, arXiv:1212.5701)."""

    name: Literal["adadelta"] = "adadelta"
    rho: float = Field(0.95, ge=0, lt=1, description="memory of the running mean squares")
    epsilon: float = Field(1e-7, gt=0, description="smallest divisor")


class Adafactor(_Optimizer):
    """Adam's second moments kept in factored form (Shazeer, Stern, arXiv:1804.04235)."""

    name: Literal["adafactor"] = "adafactor"
    beta_2_decay: float = Field(-0.8, lt=0, description="exponent with which the memory grows")
    epsilon_1: float = Field(1e-30, gt=0, description="smallest divisor")
    epsilon_2: float = Field(1e-3, gt=0, description="smallest size of a weight in the relative step")
    clip_threshold: float = Field(1.0, gt=0, description="largest root mean square of an update")
    relative_step: bool = Field(True, description="whether the step size also falls with the number of updates")


class Adagrad(_Optimizer):
    """Gradient divided by the root of the sum of its squares (Duchi et al., JMLR 12 (2011) 2121)."""

    name: Literal["adagrad"] = "adagrad"
    initial_accumulator_value: float = Field(0.1, ge=0, description="start of the sum")
    epsilon: float = Field(1e-7, gt=0, description="smallest divisor")


class Adamax(_Moments):
    """Adam with the largest instead of the root mean square gradient (arXiv:1412.6980, section 7.1)."""

    name: Literal["adamax"] = "adamax"


class Nadam(_Moments):
    """Adam with Nesterov's momentum (Dozat 2016)."""

    name: Literal["nadam"] = "nadam"


class Lamb(_Moments):
    """Adam with the step of each layer scaled to the size of its weights (You et al., arXiv:1904.00962)."""

    name: Literal["lamb"] = "lamb"


class Lion(_Optimizer):
    """Sign of an interpolated momentum (Chen et al., arXiv:2302.06675)."""

    name: Literal["lion"] = "lion"
    beta_1: float = Field(0.9, gt=0, le=1, description="share of the momentum in the update")
    beta_2: float = Field(0.99, gt=0, le=1, description="memory of the momentum")


class Ftrl(_Optimizer):
    """Follow the regularised leader (McMahan et al., KDD 2013)."""

    name: Literal["ftrl"] = "ftrl"
    learning_rate_power: float = Field(-0.5, le=0, description="how the step size falls with the sum of squares")
    initial_accumulator_value: float = Field(0.1, ge=0, description="start of the sum")
    l1_regularization_strength: float = Field(0.0, ge=0, description="strength of the L1 term")
    l2_regularization_strength: float = Field(0.0, ge=0, description="strength of the L2 term")
    l2_shrinkage_regularization_strength: float = Field(0.0, ge=0, description="strength of the L2 shrinkage")
    beta: float = Field(0.0, ge=0, description="added to the root of the sum")


def _name_alone(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


Optimizer = Annotated[
    Annotated[
        RMSprop | Adam | AdamW | SGD | Adadelta | Adafactor | Adagrad | Adamax | Nadam | Lamb | Lion | Ftrl,
        Field(discriminator="name"),
    ],
    BeforeValidator(_name_alone),
]
OPTIMIZERS: tuple[str, ...] = (
    "rmsprop",
    "adam",
    "adamw",
    "sgd",
    "adadelta",
    "adafactor",
    "adagrad",
    "adamax",
    "nadam",
    "lamb",
    "lion",
    "ftrl",
)
