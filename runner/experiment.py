"""What an experiment file may say; parameters of components are checked by their own models, in `runner.plan`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from runner.optimizers import Optimizer

Seed = Annotated[int, Field(ge=0, lt=2**63)]

Device = Annotated[str, Field(pattern=r"^(auto|cpu|gpu(:\d+)?)$")]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


class Selection(BaseModel):
    """A component: its name, or a mapping with ``name`` and the parameters that its plugin knows."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str = Field(min_length=1, description="name of the component, or plugin:name")

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @property
    def params(self) -> dict[str, Any]:
        """The component's own parameters, not yet checked."""
        return dict(self.model_extra or {})


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

    steps: int = Field(ge=1, lt=2**53, description="training steps; what one is, the strategy says")
    batch_size: int = Field(128, ge=1, le=2**20, description="events per batch")
    checkpoint_every: int = Field(1000, ge=1, description="steps between two checkpoints")
    keep_last: int = Field(2, ge=1, description="how many of the newest checkpoints are kept")
    keep_every: int | None = Field(None, ge=1, description="steps whose multiples are kept for good; null: none")
    keep_best: str | None = Field(
        None,
        description="METRIC among evaluation.metrics, or METRIC/SCORE; its main score, or that one, on validation "
        "events at each checkpoint decides which is kept, saved and judged at the end; null: the last one",
    )
    block: int = Field(50, ge=1, description="steps in one compiled call; losses are seen after each block")
    jit_compile: bool | Literal["auto"] = Field(
        "auto", description="whether training steps are compiled by XLA; auto: where a trial at the start is faster"
    )
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = Field(
        "float32", description="arithmetic of the networks; mixed: halves, with weights in float32, for GPUs"
    )


class Evaluation(_Section):
    """What is measured at the end."""

    events: int = Field(
        10_000,
        ge=2,
        description="responses to generate, at the conditions of test events; as many of them as half of the test "
        "events are compared with the other half",
    )
    metrics: tuple[Selection, ...] = Field((), description="metrics to score them with")
    halvings: int = Field(
        10,
        ge=0,
        description="how often the test events are cut in two at random, to find what real responses score against "
        "real ones; at least 10 for a standard deviation to rely on, 0: not at all",
    )
    references: tuple[Selection, ...] | None = Field(
        None, description="stand-ins for a model that are scored too, made of real responses; null: all there are"
    )
    sensitivity: bool = Field(
        False,
        description="whether the smallest faults that each metric sees are found; takes a while, once a data set",
    )

    @model_validator(mode="after")
    def _floor(self) -> Evaluation:
        if self.halvings == 1:
            raise ValueError("halvings: one says nothing of how floors scatter; at least 2, or 0 for none")
        if self.sensitivity and not self.halvings:
            raise ValueError("sensitivity needs a floor: halvings must not be 0")
        return self


class Experiment(_Section):
    """An experiment: data, networks, how they are trained and how they are judged."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=100,
        description="letters, digits, '.', '_', '-'; runs are kept in a folder of this name",
    )
    description: str = Field("", description="one line for people")
    seed: int = Field(0, ge=0, lt=2**63, description="seed of weights, batches, noise and evaluation")
    seeds: tuple[Seed, ...] | None = Field(
        None, min_length=1, description="seeds of several runs, one each, in place of `seed`; null: one run"
    )
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
    optimizers: dict[str, Optimizer] = Field({}, description="the optimizer of each network that gradients train")
    training: Training = Field(description="how long and how")
    evaluation: Evaluation = Field(Evaluation(), description="what is measured at the end")
    callbacks: tuple[Selection, ...] = Field((), description="observers of the run")
    device: Device = Field("auto", description="auto (a GPU if there is one), cpu, gpu or gpu:N")
    threads: int | None = Field(
        None, ge=1, description="operations that the processor computes at a time; null: one for each core"
    )
    threads_per_operation: int = Field(
        1, ge=1, description="threads that share one operation; more help wide networks, and change last digits"
    )
    gpu_memory: int | None = Field(
        None, ge=1, description="GPU memory the run may use [MiB], so that several fit on one; null: what it needs"
    )

    @field_validator("seeds")
    @classmethod
    def _each_once(cls, seeds: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if seeds and len(set(seeds)) < len(seeds):
            raise ValueError("a seed is named twice; the same seed gives the same run")
        return seeds


def is_file(plugin: str) -> bool:
    """Whether an entry of ``plugins:`` is a Python file rather than a module's name."""
    return plugin.endswith(".py") or "/" in plugin
