"""What an experiment file may say; parameters of components are checked by their own models, in `runner.plan`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Device = Annotated[str, Field(pattern=r"^(auto|cpu|gpu(:\d+)?)$")]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def _name_alone(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


class Selection(BaseModel):
    """A component: its name, or a mapping with ``name`` and the parameters that its plugin knows."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str = Field(min_length=1, description="name of the component, or plugin:name")

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: object) -> object:
        return _name_alone(value)

    @property
    def params(self) -> dict[str, Any]:
        """The component's own parameters, not yet checked."""
        return dict(self.model_extra or {})


class Decay(_Section):
    """Learning rate multiplied by `rate` after every `every` training steps."""

    rate: float = Field(gt=0, le=1, description="factor")
    every: int = Field(ge=1, description="training steps between two multiplications")


class _OptimizerModel(_Section):
    learning_rate: float = Field(1e-3, gt=0, allow_inf_nan=False, description="step size")
    decay: Decay | None = Field(None, description="how the learning rate falls; null: it stays")


class RMSprop(_OptimizerModel):
    """Gradient divided by a running root mean square of its size (Tieleman, Hinton 2012)."""

    name: Literal["rmsprop"] = "rmsprop"
    rho: float = Field(0.9, ge=0, lt=1, description="memory of the running mean square")
    momentum: float = Field(0.0, ge=0, lt=1, description="share of the last update that is kept")
    epsilon: float = Field(1e-7, gt=0, description="smallest divisor")


class Adam(_OptimizerModel):
    """Adaptive moments (Kingma, Ba, arXiv:1412.6980)."""

    name: Literal["adam"] = "adam"
    beta_1: float = Field(0.9, ge=0, lt=1, description="memory of the running mean")
    beta_2: float = Field(0.999, ge=0, lt=1, description="memory of the running mean square")
    epsilon: float = Field(1e-7, gt=0, description="smallest divisor")


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov, Hutter, arXiv:1711.05101)."""

    name: Literal["adamw"] = "adamw"  # type: ignore[assignment]
    weight_decay: float = Field(0.004, ge=0, description="share of each weight removed per unit of learning rate")


class SGD(_OptimizerModel):
    """Stochastic gradient descent with momentum."""

    name: Literal["sgd"] = "sgd"
    momentum: float = Field(0.0, ge=0, lt=1, description="share of the last update that is kept")
    nesterov: bool = Field(False, description="whether the gradient is taken after the momentum")


Optimizer = Annotated[
    Annotated[RMSprop | Adam | AdamW | SGD, Field(discriminator="name")], BeforeValidator(_name_alone)
]
OPTIMIZERS: tuple[str, ...] = ("rmsprop", "adam", "adamw", "sgd")


class Split(_Section):
    """Shares of the events, by a seeded hash of the event number."""

    train: float = Field(0.8, gt=0, lt=1, description="share trained on")
    validation: float = Field(0.0, ge=0, lt=1, description="share that choices are made on")
    test: float = Field(0.2, gt=0, lt=1, description="share that scores are measured on")

    @model_validator(mode="after")
    def _whole(self) -> Split:
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-6:
            raise ValueError(f"train, validation and test add up to {total:g}, not to 1")
        return self


class Training(_Section):
    """How long and how."""

    steps: int = Field(ge=1, description="training steps; what one is, the strategy says")
    batch_size: int = Field(128, ge=1, description="events per batch")
    checkpoint_every: int = Field(1000, ge=1, description="steps between two checkpoints")
    block: int = Field(50, ge=1, description="steps in one compiled call; losses are seen after each block")


class Evaluation(_Section):
    """What is measured at the end."""

    events: int = Field(10_000, ge=2, description="responses to generate, at the conditions of test events")
    metrics: tuple[Selection, ...] = Field((), description="metrics to score them with")


class Experiment(_Section):
    """An experiment: data, networks, how they are trained and how they are judged."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=100,
        description="letters, digits, '.', '_', '-'; runs are kept in a folder of this name",
    )
    description: str = Field("", description="one line for people")
    seed: int = Field(0, ge=0, lt=2**63, description="seed of weights, batches, noise and evaluation")
    data_seed: int = Field(
        0, ge=0, lt=2**63, description="seed of a simulated data set and of the split; runs to compare share it"
    )
    plugins: tuple[str, ...] = Field(
        (), description="further plugins: importable modules, or .py files beside or below the experiment file"
    )
    dataset: Selection = Field(description="where the responses come from")
    split: Split = Field(Split(), description="shares of the events")
    transform: Selection = Field(description="from physical units to what networks are fed, and back")
    networks: dict[str, Selection] = Field(description="the network in each role of the strategy")
    strategy: Selection = Field(description="how the networks are trained together")
    losses: dict[str, Selection] = Field({}, description="the loss in each slot of the strategy")
    optimizers: dict[str, Optimizer] = Field({}, description="the optimizer of each network")
    training: Training = Field(description="how long and how")
    evaluation: Evaluation = Field(Evaluation(), description="what is measured at the end")
    callbacks: tuple[Selection, ...] = Field((), description="observers of the run")
    device: Device = Field("auto", description="auto (a GPU if there is one), cpu, gpu or gpu:N")


def is_file(plugin: str) -> bool:
    """Whether an entry of ``plugins:`` is a Python file rather than a module's name."""
    return plugin.endswith(".py") or "/" in plugin
