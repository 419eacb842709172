"""From names in an experiment file to components with checked parameters."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any, TypeVar, cast

from runner.api import Component
from runner.config import Document
from runner.errors import MOST_TOLD, ExperimentError, Problem
from runner.experiment import is_file
from runner.plan.plan import C, Choice
from runner.plan.validation import Key, dotted, validate
from runner.plugin_manager import load_plugins
from runner.registry import AmbiguousComponent, UnknownComponent

Result = TypeVar("Result")


class Chooser:
    """Looks up the components of one file and collects its mistakes.

    Attributes:
        document: The file.
        problems: Mistakes found so far.
        plugins: All plugins.
        plugin_files: Plugins given as files.
        context: For validators of parameters.
    """

    def __init__(self, document: Document, plugin_files: Sequence[Path], data_must_exist: bool) -> None:
        self.document = document
        self.problems = list(document.problems)
        folder = document.path.resolve().parent
        folders = [folder, *([Path(os.environ["RUNNER_DATA"])] if os.environ.get("RUNNER_DATA") else [])]
        self.context = {"data_folders": folders, "data_must_exist": data_must_exist}
        modules, files = self._plugins_of(folder)
        self.plugin_files = (*files, *(file for file in plugin_files if file.resolve() not in files))
        self.plugins = load_plugins(modules=modules, files=self.plugin_files)

    def add(self, key: Key, message: str, suggestion: str = "", *, at_key: bool = False) -> None:
        """Notes a mistake at the value of a key, or at the key itself.

        Raises:
            ExperimentError: With all mistakes so far, where there are more than anybody wants to be told.
        """
        where = self.document.where_key(key) if at_key else self.document.where(key)
        self.problems.append(Problem(where, dotted(key), message, suggestion))
        if len(self.problems) > MOST_TOLD:
            raise ExperimentError(self.problems)

    def _plugins_of(self, folder: Path) -> tuple[list[str], list[Path]]:
        """Modules and files named by ``plugins:``; files only from the experiment's own folder."""
        modules, files = [], []
        listed = self.document.data.get("plugins")
        for number, name in enumerate(listed if isinstance(listed, list) else ()):
            if not isinstance(name, str):
                continue
            reason = _no_file(name, folder) if is_file(name) else _no_module(name)
            if reason:
                self.add(("plugins", number), *reason)
            elif is_file(name):
                files.append(Path(os.path.realpath(folder / name)))
            else:
                modules.append(name)
        return modules, files

    def choose(self, kind: type[C], key: Key) -> Choice[C] | None:
        """The component at `key`, or None where it is missing or wrong; then the problem has been noted."""
        value = at(self.document.data, key)
        name, params = (value, {}) if isinstance(value, str) else (None, value)
        if isinstance(value, dict):
            name = value.get("name")
            params = {other: entry for other, entry in value.items() if other != "name"}
        if not isinstance(name, str) or not name:
            return None  # the experiment's own check has said so
        where: Key = (*key, "name") if isinstance(value, dict) else key
        try:
            entry = self.plugins.registry.get(kind.kind, name)
        except UnknownComponent as error:
            self.add(where, f"there is no {kind.kind} called {name!r}", self._instead(error))
            return None
        except AmbiguousComponent as error:
            self.add(where, str(error).partition(";")[0], error.suggestion)
            return None
        component = cast(C, entry.component)
        self._check_requirements(component, where)
        checked = validate(component.Params, params, self.document, key, self.context)
        if isinstance(checked, list):
            self.problems += checked
            return None
        return Choice(name, component, checked, entry.plugin)

    def _instead(self, error: UnknownComponent) -> str:
        broken = ", ".join(plugin.name for plugin in self.plugins.broken)
        hint = f" (or does a broken plugin have it: {broken}? see runner plugins list)" if broken else ""
        return error.suggestion + hint

    def choose_each(self, kind: type[C], section: str) -> dict[str, Choice[C]]:
        """The components of a mapping, by key."""
        tree = self.document.data.get(section)
        names = list(tree) if isinstance(tree, dict) else []
        choices = {name: self.choose(kind, (section, name)) for name in names}
        return {name: choice for name, choice in choices.items() if choice}

    def choose_list(self, kind: type[C], key: Key, *, otherwise_all: bool = False) -> tuple[Choice[C], ...]:
        """The components of a list, none twice; where there is no list, none, or all that are bundled."""
        listed = at(self.document.data, key)
        if listed is None and otherwise_all:
            bundled = [entry for entry in self.plugins.registry.all(kind.kind) if entry.source == "bundled"]
            return tuple(
                Choice(entry.component.name, cast(C, entry.component), entry.component.Params(), entry.plugin)
                for entry in bundled
            )
        chosen: dict[str, Choice[C]] = {}
        for number in range(len(listed) if isinstance(listed, list) else 0):
            choice = self.choose(kind, (*key, number))
            if choice and choice.component.name in chosen:
                self.add((*key, number), f"{choice.component.name} is listed twice", "take one out")
            elif choice:
                chosen[choice.component.name] = choice
        return tuple(chosen.values())

    def _check_requirements(self, component: Component, where: Key) -> None:
        for module in component.requires:
            if importlib.util.find_spec(module) is None:
                package = f"'tpc-runner[{module}]'" if module in _extras() else module
                message = f"{component.name} needs {module}, which is not installed"
                self.add(where, message, f"pip install {package}")

    def ask(self, choice: Choice[Any], key: Key, question: Callable[[], Result]) -> Result | None:
        """A component's own answer; a ValueError is a mistake in the experiment, anything else one in the plugin.

        Raises:
            PluginError: If the component fails.
        """
        with choice.blamed("checking it"):
            try:
                return question()
            except ValueError as error:
                self.add(key, str(error))
        return None


def _no_file(name: str, folder: Path) -> tuple[str, str] | None:
    """Why an entry of ``plugins:`` is not a file that may be run, and what to do."""
    if "\0" in name:
        return "a file's name has no NUL", ""
    path = os.path.realpath(folder / name)
    if not Path(path).is_relative_to(folder):
        return f"{name} leaves the experiment's folder", "use --plugin FILE"
    return None if os.path.isfile(path) else (f"no such file: {path}", "")


def _no_module(name: str) -> tuple[str, str] | None:
    """Why an entry of ``plugins:`` is not a module that may be imported, and what to do."""
    parts = name.split(".")
    if not all(part.isidentifier() and not part.startswith("__") for part in parts):
        return f"{name!r} is no module", "write a module such as my_package.plugin, or a file such as mine.py"
    if parts[0] in sys.stdlib_module_names or parts[0] == "test":  # some act when they are imported
        return f"{name} is a part of Python, not a plugin", ""
    return None


def at(tree: Any, key: Key) -> Any:
    """The value at `key`, or None."""
    for part in key:
        if isinstance(tree, dict):
            tree = tree.get(part)
        elif isinstance(tree, list) and isinstance(part, int):
            tree = tree[part]
        else:
            return None
    return tree


def _extras() -> list[str]:
    try:
        return metadata("tpc-runner").get_all("Provides-Extra") or []
    except PackageNotFoundError:
        return []
