"""Finding plugins, and keeping broken ones from breaking the others."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from runner import hookspecs
from runner.api import (
    Architecture,
    Callback,
    Component,
    Dataset,
    Loss,
    Metric,
    Reference,
    Strategy,
    Transform,
    Writer,
)
from runner.errors import PluginError
from runner.registry import Entry, Registry, Source

_HOOKS: dict[str, type[Component]] = {
    "runner_datasets": Dataset,
    "runner_transforms": Transform,
    "runner_architectures": Architecture,
    "runner_losses": Loss,
    "runner_strategies": Strategy,
    "runner_metrics": Metric,
    "runner_references": Reference,
    "runner_callbacks": Callback,
    "runner_writers": Writer,
}


@dataclass(frozen=True)
class LoadedPlugin:
    """A plugin whose components can be used.

    Attributes:
        name: Module, entry point or file stem.
        source: How it was found.
        files: Its Python files, for the run's record.
    """

    name: str
    source: Source
    files: tuple[Path, ...]


@dataclass(frozen=True)
class BrokenPlugin:
    """A plugin that could not be loaded.

    Attributes:
        name: As of `LoadedPlugin`.
        source: How it was found.
        reason: One line.
        traceback: The whole story.
    """

    name: str
    source: Source
    reason: str
    traceback: str


@dataclass(frozen=True)
class Plugins:
    """All plugins found.

    Attributes:
        registry: Components of the loaded ones.
        loaded: The loaded ones.
        broken: Third-party ones that failed.
    """

    registry: Registry
    loaded: tuple[LoadedPlugin, ...]
    broken: tuple[BrokenPlugin, ...]


@dataclass(frozen=True)
class _Candidate:
    name: str
    source: Source
    load: Callable[[], object]
    optional: bool


def load_plugins(*, modules: Sequence[str] = (), files: Sequence[Path] = ()) -> Plugins:
    """Bundled plugins, those of installed packages, and the ones asked for.

    Args:
        modules: Importable names, from ``plugins:`` in the experiment.
        files: Python files, from ``plugins:`` or ``--plugin``.

    Raises:
        PluginError: If a bundled plugin or one asked for is broken; other packages' only become `broken`.
    """
    manager = pluggy.PluginManager("runner")
    manager.add_hookspecs(hookspecs)
    entries: list[Entry] = []
    loaded: list[LoadedPlugin] = []
    broken: list[BrokenPlugin] = []
    for candidate in (*_bundled(), *_installed(), *_modules(modules), *_files(files)):
        if any(other.name == candidate.name and other.source == candidate.source == "module" for other in loaded):
            continue
        try:
            plugin = candidate.load()
            entries += _register(manager, plugin, candidate)
        except (Exception, SystemExit) as error:  # whatever a stranger's module does on import
            report = _broken(candidate, error)
            if not candidate.optional:
                raise PluginError(
                    f"plugin {candidate.name} ({candidate.source}) cannot be loaded: {report.reason}\n\n"
                    f"{report.traceback.rstrip()}"
                ) from error
            broken.append(report)
        else:
            loaded.append(LoadedPlugin(candidate.name, candidate.source, _python_files(plugin)))
    return Plugins(Registry(entries), tuple(loaded), tuple(broken))


def _bundled() -> Iterator[_Candidate]:
    spec = importlib.util.find_spec("plugins")
    home = Path(__file__).resolve().parent.parent / "plugins"
    if spec is None or home not in [Path(place).resolve() for place in spec.submodule_search_locations or ()]:
        found = spec.origin if spec else "nothing"
        raise PluginError(
            f"the bundled plugins are in {home}, but 'import plugins' finds {found}; "
            "move the other package of that name out of the way, or install tpc-runner anew"
        )
    for module in pkgutil.iter_modules([str(home)]):
        if not module.name.startswith("_"):
            yield _Candidate(module.name, "bundled", _importer(f"plugins.{module.name}"), optional=False)


def _installed() -> Iterator[_Candidate]:
    found = sorted(entry_points(group="runner.plugins"), key=lambda point: (point.name, point.value))
    for point in found:
        namesakes = [other for other in found if other.name == point.name]
        name = point.name if len(namesakes) == 1 else f"{_distribution(point)}/{point.name}"
        yield _Candidate(name, "entry point", point.load, optional=True)


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.module


def _modules(names: Sequence[str]) -> Iterator[_Candidate]:
    for name in names:
        yield _Candidate(name, "module", _importer(name), optional=False)


def _files(paths: Sequence[Path]) -> Iterator[_Candidate]:
    by_path = {path.resolve(): path for path in paths}
    for path in by_path.values():
        if sum(other.stem == path.stem for other in by_path.values()) > 1:
            raise PluginError(f"two plugin files are called {path.name}; rename one")
        yield _Candidate(path.stem, "file", _file_loader(path), optional=False)


def _importer(name: str) -> Callable[[], ModuleType]:
    return lambda: importlib.import_module(name)


def _file_loader(path: Path) -> Callable[[], ModuleType]:
    def load() -> ModuleType:
        if not path.is_file():
            raise PluginError(f"no such file: {path}")
        name = f"runner_plugin_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise PluginError(f"{path} is not a Python file; its name has to end in .py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # dataclasses and pydantic look their module up by name
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module

    return load


def _register(manager: pluggy.PluginManager, plugin: object, candidate: _Candidate) -> list[Entry]:
    """Entries of one plugin; it stays registered only if all is well."""
    name = f"{candidate.source}: {candidate.name}"
    try:
        manager.register(plugin, name=name)
        manager.check_pending()
        entries = list(_entries(manager, plugin, candidate))
        if not entries:
            raise PluginError(f"it declares no component; mark one of these with @hookimpl: {', '.join(_HOOKS)}")
    except BaseException:
        if manager.has_plugin(name):
            manager.unregister(name=name)
        raise
    return entries


def _entries(manager: pluggy.PluginManager, plugin: object, candidate: _Candidate) -> Iterator[Entry]:
    for caller in manager.get_hookcallers(plugin) or ():
        kind = _HOOKS[caller.name]
        for implementation in caller.get_hookimpls():
            if implementation.plugin is not plugin:
                continue
            declared: Any = implementation.function()
            if not isinstance(declared, Iterable):
                raise PluginError(f"{caller.name} returned {declared!r}, not a list of {kind.__name__} instances")
            for component in declared:
                if not isinstance(component, kind):
                    shown = f"the class {component.__name__}" if isinstance(component, type) else repr(component)
                    raise PluginError(f"{caller.name} returned {shown}; return instances of {kind.__name__}")
                if not isinstance(getattr(component, "name", None), str):
                    raise PluginError(f"{caller.name}: {type(component).__name__} has no name")
                yield Entry(component, candidate.name, candidate.source)


def _broken(candidate: _Candidate, error: BaseException) -> BrokenPlugin:
    lines = str(error).strip().splitlines()
    reason = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    if isinstance(error, PluginError) and lines:
        reason = lines[0]
    if isinstance(error, pluggy.PluginValidationError):
        reason = f"{lines[-1]}; the hooks are {', '.join(_HOOKS)}"
    return BrokenPlugin(candidate.name, candidate.source, reason, "".join(traceback.format_exception(error)))


def _python_files(plugin: object) -> tuple[Path, ...]:
    module = plugin if isinstance(plugin, ModuleType) else sys.modules.get(type(plugin).__module__)
    origin = getattr(module, "__file__", None)
    if origin is None:
        return ()
    path = Path(origin)
    return tuple(sorted(path.parent.rglob("*.py"))) if path.name == "__init__.py" else (path,)
