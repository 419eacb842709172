"""What a plan holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from runner.api import (
    Architecture,
    Callback,
    Component,
    DataInfo,
    Dataset,
    Loss,
    Metric,
    Params,
    Reference,
    Signature,
    Strategy,
    Transform,
)
from runner.config import Document
from runner.errors import PluginError, RunnerError
from runner.experiment import Experiment, is_file
from runner.plugin_manager import LoadedPlugin, Plugins

C = TypeVar("C", bound=Component)


@dataclass(frozen=True)
class Choice(Generic[C]):
    """A component with its parameters.

    Attributes:
        name: As the experiment calls it: a name, or ``plugin:name``.
        component: The component.
        params: Checked parameters, an instance of its `Params`.
        plugin: Name of its plugin.
    """

    name: str
    component: C
    params: Params
    plugin: str

    @contextmanager
    def blamed(self, doing: str) -> Iterator[None]:
        """Whatever the component does wrong inside is an error that names it and its plugin.

        Args:
            doing: What it was asked for, e.g. "build".

        Raises:
            PluginError: Instead of anything but the runner's own errors.
        """
        try:
            yield
        except RunnerError:
            raise
        except Exception as error:
            raise PluginError(
                f"{self.component.kind} {self.name} of plugin {self.plugin}: {doing} failed: "
                f"{type(error).__name__}: {error}"
            ) from error

    def resolved(self) -> dict[str, Any]:
        """Name and every parameter, as an experiment file would say it."""
        return {"name": self.name, **self.params.model_dump(mode="json")}


@dataclass(frozen=True)
class Plan:
    """All that is needed to run an experiment.

    Attributes:
        experiment: The file's own keys.
        plugins: All plugins.
        plugin_files: Plugins given as files.
        dataset: The data set.
        transform: The transform.
        networks: The network of each role.
        strategy: The strategy.
        losses: The loss in each slot that is filled.
        metrics: The metrics.
        references: What is scored in a model's place.
        callbacks: The callbacks.
        data: What the data set declares.
        signatures: Inputs and output of the network of each role.
        document: The file.
    """

    experiment: Experiment
    plugins: Plugins
    plugin_files: tuple[Path, ...]
    dataset: Choice[Dataset]
    transform: Choice[Transform]
    networks: Mapping[str, Choice[Architecture]]
    strategy: Choice[Strategy]
    losses: Mapping[str, Choice[Loss]]
    metrics: tuple[Choice[Metric], ...]
    references: tuple[Choice[Reference], ...]
    callbacks: tuple[Choice[Callback], ...]
    data: DataInfo
    signatures: Mapping[str, Signature]
    document: Document

    def resolved(self) -> dict[str, Any]:
        """The experiment with every default; data by absolute paths, plugins and network files as a run keeps them."""
        tree = self.experiment.model_dump(mode="json", exclude={"seeds"})  # a run has one seed
        modules = [name for name in self.experiment.plugins if not is_file(name)]
        tree["plugins"] = [*modules, *(f"plugins/{path.name}" for path in self.plugin_files)]
        tree["dataset"] = self.dataset.resolved()
        tree["transform"] = self.transform.resolved()
        tree["networks"] = {role: self._network(role) for role in self.networks}
        tree["strategy"] = self.strategy.resolved()
        tree["losses"] = {slot: choice.resolved() for slot, choice in self.losses.items()}
        tree["evaluation"]["metrics"] = [choice.resolved() for choice in self.metrics]
        tree["evaluation"]["references"] = [choice.resolved() for choice in self.references]
        tree["callbacks"] = [choice.resolved() for choice in self.callbacks]
        return tree

    def compiled(self, jit_compile: bool) -> Plan:
        """The same plan with it decided whether XLA compiles the training steps."""
        training = self.experiment.training.model_copy(update={"jit_compile": jit_compile})
        return replace(self, experiment=self.experiment.model_copy(update={"training": training}))

    def _network(self, role: str) -> dict[str, Any]:
        tree = self.networks[role].resolved()
        return tree | {name: self._kept_as(role, path) for name, path in self._paths(role).items()}

    def _paths(self, role: str) -> dict[str, Path]:
        return {name: value for name, value in self.networks[role].params if isinstance(value, Path)}

    @staticmethod
    def _kept_as(role: str, path: Path) -> str:
        return f"networks/{role}/{path.name}"

    def network_files(self) -> dict[str, Path]:
        """Files that networks are read from, by the name they are kept under in a run folder."""
        return {self._kept_as(role, path): path for role in self.networks for path in self._paths(role).values()}

    def plugins_used(self) -> tuple[LoadedPlugin, ...]:
        """The plugins whose components take part."""
        choices: list[Choice[Any]] = [self.dataset, self.transform, self.strategy, *self.networks.values()]
        choices += [*self.losses.values(), *self.metrics, *self.references, *self.callbacks]
        names = {choice.plugin for choice in choices}
        return tuple(plugin for plugin in self.plugins.loaded if plugin.name in names)
