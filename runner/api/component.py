"""Components: a name, typed parameters and one verb each.

The class of a component is checked when it is made, so that a mistake shows at import of the plugin.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from runner.api.data import Condition, DataInfo, Sample
from runner.api.parameters import Params
from runner.api.scores import Better, Measurement
from runner.api.training import CallbackContext, Role, Signature, Slot

if TYPE_CHECKING:  # TensorFlow is loaded by what builds, never by what declares
    import keras

State = Mapping[str, NDArray[Any]]


class Component:
    """Base of all components.

    Attributes:
        kind: Set by the base classes below.
        name: snake_case; what an experiment file says.
        Params: Model of the parameters; the plain `Params` where there are none.
        reference: Paper and equation, or "".
        requires: Modules beyond the runner's own dependencies; checked before a run starts.
    """

    kind: ClassVar[str]
    name: ClassVar[str]
    Params: ClassVar[type[Params]] = Params
    reference: ClassVar[str] = ""
    requires: ClassVar[tuple[str, ...]] = ()
    _verbs: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, kind: str | None = None, verbs: tuple[str, ...] = ()) -> None:
        super().__init_subclass__()
        if kind is not None:
            cls.kind, cls._verbs = kind, verbs
        elif hasattr(cls, "name"):
            cls._check()

    @classmethod
    def _check(cls) -> None:
        where = f"{cls.__module__}.{cls.__qualname__}"
        if not isinstance(cls.name, str) or not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", cls.name):
            raise TypeError(f"{where}.name is {cls.name!r}; write it in snake_case, like 'mean_charge'")
        if not (inspect.isclass(cls.Params) and issubclass(cls.Params, Params)):
            raise TypeError(f"{where}.Params must be a subclass of runner.api.Params")
        if cls.Params.model_config.get("extra") != "forbid" or not cls.Params.model_config.get("frozen"):
            raise TypeError(f"{where}.Params must stay frozen and forbid unknown keys")
        if "name" in cls.Params.model_fields:
            raise TypeError(f"{where}.Params may not have a field 'name': it selects the component")
        if not (cls.__doc__ or "").strip():
            raise TypeError(f"{where} needs a docstring: its first line is the help text")
        for verb in cls._verbs:
            if getattr(cls, verb) is getattr(cls._base(), verb):
                raise TypeError(f"{where} must define {verb}{inspect.signature(getattr(cls, verb))}")
        cls._check_kind(where)

    @classmethod
    def _base(cls) -> type[Component]:
        return next(base for base in cls.__mro__ if "_verbs" in vars(base))

    @classmethod
    def _check_kind(cls, where: str) -> None:
        """Checks of one kind; overridden by the base classes."""

    @classmethod
    def help(cls) -> str:
        """First line of the docstring."""
        return inspect.cleandoc(cls.__doc__ or "").splitlines()[0]


def _check_text(where: str, **attributes: object) -> None:
    for name, value in attributes.items():
        if not isinstance(value, str) or not value:
            raise TypeError(f"{where}.{name} must be a text, not {value!r}")


class Dataset(Component, kind="dataset", verbs=("describe", "load")):
    """A source of detector responses."""

    def describe(self, params: Any) -> DataInfo:
        """Names, units, ranges and shapes, from the parameters alone: no data file is read."""
        raise NotImplementedError

    def load(self, params: Any, rng: np.random.Generator) -> Sample:
        """All events, in physical units.

        Raises:
            DataError: With file, row and event, where the data are not what `describe` says.
        """
        raise NotImplementedError


class Transform(Component, kind="transform", verbs=("forward", "inverse")):
    """A map between physical units and what networks are fed, its inverse, and the same for conditions.

    The methods take ``ops``, the array module that computes: ``numpy`` or ``keras.ops``. Use only functions
    both have (``log``, ``exp``, ``where``, ``maximum``, ``zeros_like``...), so that one definition serves
    evaluation and the exported graph.
    """

    def check(self, params: Any, data: DataInfo) -> str | None:
        """Why this transform does not fit the data, or None; called before anything is read."""
        return None

    def fit(self, params: Any, sample: Sample) -> State:
        """What has to be learned from the training events; arrays by name, saved with the run."""
        return {}

    def forward(self, params: Any, state: State, responses: Any, ops: Any) -> Any:
        """Physical amplitudes to network units, (events, *shape)."""
        raise NotImplementedError

    def inverse(self, params: Any, state: State, responses: Any, ops: Any) -> Any:
        """Network units to physical amplitudes, (events, *shape)."""
        raise NotImplementedError

    def forward_conditions(
        self, params: Any, state: State, conditions: Any, declared: tuple[Condition, ...], ops: Any
    ) -> Any:
        """Conditions in their units to network units, (events, n)."""
        return conditions


class Architecture(Component, kind="architecture", verbs=("signature", "build")):
    """A network for one role.

    Attributes:
        role: "generator", "critic", ...: what a strategy calls it.
    """

    role: ClassVar[str]

    @classmethod
    def _check_kind(cls, where: str) -> None:
        _check_text(where, role=getattr(cls, "role", None))

    def signature(self, params: Any, data: DataInfo) -> Signature:
        """Inputs and output that `build` will have; loads no TensorFlow.

        Raises:
            ValueError: Where the network cannot be built for these data, saying what it can do.
        """
        raise NotImplementedError

    def build(self, params: Any, data: DataInfo) -> keras.Model:
        """The network: one input tensor per name in the signature (``keras.Model({"latent": z, ...}, out)``)."""
        raise NotImplementedError


class Loss(Component, kind="loss", verbs=("build",)):
    """A loss term.

    Attributes:
        slot: The strategy's slot it goes into.
    """

    slot: ClassVar[str]

    @classmethod
    def _check_kind(cls, where: str) -> None:
        _check_text(where, slot=getattr(cls, "slot", None))

    def build(self, params: Any) -> Callable[..., Any]:
        """A callable of the slot's documented signature."""
        raise NotImplementedError


class Strategy(Component, kind="strategy", verbs=("build",)):
    """A way of training networks together.

    Attributes:
        roles: What is asked of the network in each role.
        slots: The losses it uses, by slot.
        generating: Roles whose networks `generate` of its model uses; empty for all.
    """

    roles: ClassVar[Mapping[str, Role]]
    slots: ClassVar[Mapping[str, Slot]]
    generating: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def _check_kind(cls, where: str) -> None:
        if not getattr(cls, "roles", None):
            raise TypeError(f"{where}.roles must name at least one role")
        if not hasattr(cls, "slots"):
            raise TypeError(f"{where}.slots must be set, {{}} where there are none")
        if unknown := set(cls.generating) - set(cls.roles):
            raise TypeError(f"{where}.generating names {', '.join(sorted(unknown))}, which is not among its roles")

    def batches(self, params: Any) -> int:
        """Batches that one training step asks for; an epoch is as many as hold all training events once."""
        return 1

    def build(
        self,
        params: Any,
        networks: Mapping[str, keras.Model],
        losses: Mapping[str, Callable[..., Any]],
        optimizers: Mapping[str, keras.optimizers.Optimizer],
        data: DataInfo,
    ) -> keras.Model:
        """A model with two methods of the strategy's own.

        ``train_step(step: TrainingStep) -> dict[str, scalar tensor]`` does one training step and returns its
        losses by name; ``generate(conditions, seed) -> responses`` takes transformed conditions (events, n)
        and an int32 seed (2,) and returns transformed responses (events, *shape). Both are traced into a graph.
        `data` describes the transformed data: its condition ranges are in network units.
        """
        raise NotImplementedError


class Metric(Component, kind="metric", verbs=("measure",)):
    """A comparison of generated with real responses.

    Attributes:
        unit: Unit of its scores, "1" for pure numbers.
        better: Which way its scores are good; a Score may say otherwise for itself.
        version: Raised whenever the same input gives other numbers; scores of two versions are not compared.
        headline: Name of the one score shown where there is room for one, or "" for the first.
        judged_on: Which real events it is given: "test", or "all" for the whole data set, training events included.
        uses: What else it is given, as keyword arguments of `measure`: "training", the events trained on (a
            `Sample`), and "model", what generates (a `TrainedModel`).
    """

    unit: ClassVar[str]
    better: ClassVar[Better]
    version: ClassVar[int] = 1
    headline: ClassVar[str] = ""
    judged_on: ClassVar[Literal["test", "all"]] = "test"
    uses: ClassVar[tuple[Literal["training", "model"], ...]] = ()

    @classmethod
    def _check_kind(cls, where: str) -> None:
        _check_text(where, unit=getattr(cls, "unit", None))
        if cls.judged_on not in ("test", "all"):
            raise TypeError(f"{where}.judged_on must be 'test' or 'all', not {cls.judged_on!r}")
        if set(cls.uses) - {"training", "model"}:
            raise TypeError(f"{where}.uses may name 'training' and 'model', not {cls.uses!r}")
        if missing := set(cls.uses) - set(inspect.signature(cls.measure).parameters):
            raise TypeError(f"{where}.measure must take {', '.join(sorted(missing))}, which {where}.uses names")
        if getattr(cls, "better", None) not in get_args(Better):
            raise TypeError(f"{where}.better must be one of {', '.join(get_args(Better))}")

    def measure(
        self, params: Any, real: Sample, generated: Sample, rng: np.random.Generator, **used: Any
    ) -> Measurement:
        """Scores with errors. Both samples are in physical units, the detection threshold applied to both.

        A metric that uses nothing else leaves out the last argument, one that uses the training events writes
        ``*, training: Sample`` in its place.
        """
        raise NotImplementedError


class Reference(Component, kind="reference", verbs=("respond",)):
    """A stand-in for a model, made of real responses, that metrics have to see through.

    Attributes:
        conditional: Whether it makes sense only for data with conditions.
    """

    conditional: ClassVar[bool] = False

    def respond(self, params: Any, training: Sample, real: Sample, rng: np.random.Generator) -> NDArray[np.float32]:
        """Responses for the conditions of `real`, float32 (len(real), *shape).

        Args:
            params: Its parameters.
            training: Events that models are trained on.
            real: Real events whose conditions models are asked for.
            rng: Random numbers.
        """
        raise NotImplementedError


class Callback(Component, kind="callback", verbs=("build",)):
    """An observer of a training run."""

    def build(self, params: Any, run: CallbackContext) -> keras.callbacks.Callback:
        """A Keras callback.

        The loop calls ``on_train_begin``, ``on_train_batch_end(step, logs)`` after each block of steps with the
        losses of its last step, ``on_epoch_end(step, logs)`` after each checkpoint with the scores on validation events
        (``"metric/score": value``; none without ``training.keep_best``) when the picture ``run.gallery(step)``
        has been drawn, ``on_train_end``, and ``on_test_end(logs)`` with the scores on test events.
        """
        raise NotImplementedError


class Writer(Component, kind="writer", verbs=("write",)):
    """A file format for generated responses, chosen by the suffix of the file's name. It has no parameters.

    Attributes:
        suffix: In lower case, e.g. ".csv".
    """

    suffix: ClassVar[str]

    @classmethod
    def _check_kind(cls, where: str) -> None:
        if not re.fullmatch(r"\.[a-z0-9]+", str(getattr(cls, "suffix", None))):
            raise TypeError(f"{where}.suffix must be a suffix in lower case like '.csv'")

    def write(self, path: Path, info: DataInfo, events: int, samples: Iterable[Sample]) -> tuple[str, ...]:
        """Writes a file, one sample after another, so that no more than one is held in memory.

        Args:
            path: A new file; the runner gives it its final name when it is complete.
            info: Description of the responses.
            events: Number of events in all samples together.
            samples: Consecutive parts, event numbers rising by one.

        Returns:
            What the reader of the file has to know, e.g. what the format cannot hold.

        Raises:
            DataError: Where the format cannot hold such data.
            OSError: Where the file cannot be written.
        """
        raise NotImplementedError
