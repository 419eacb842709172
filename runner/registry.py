"""Components by kind and name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from runner.api import Component
from runner.errors import PluginError

Source = Literal["bundled", "entry point", "module", "file"]
"""How a plugin was found: in `plugins/`, by its package's entry point, by ``plugins:``, or as a file."""


@dataclass(frozen=True)
class Entry:
    """A component and where it comes from.

    Attributes:
        component: The component.
        plugin: Name of the plugin that declares it.
        source: How that plugin was found.
    """

    component: Component
    plugin: str
    source: Source

    @property
    def qualified(self) -> str:
        """``plugin:name``, which is never ambiguous."""
        return f"{self.plugin}:{self.component.name}"


class UnknownComponent(PluginError):  # noqa: N818 - says what is wrong with the name, not with the program
    """No component of this kind has this name.

    Attributes:
        kind: What was looked for, e.g. "metric".
        name: The name asked for.
        suggestion: What to write instead, or "".
    """

    def __init__(self, kind: str, name: str, suggestion: str) -> None:
        self.kind, self.name, self.suggestion = kind, name, suggestion
        message = f"there is no {kind} called {name!r}"
        super().__init__(f"{message}; {suggestion}" if suggestion else message)


class AmbiguousComponent(PluginError):  # noqa: N818 - as above
    """Several plugins have a component of this kind and name.

    Attributes:
        kind: What was looked for.
        name: The name asked for.
        choices: The names that pick one, as ``plugin:name``.
        suggestion: What to write instead.
    """

    def __init__(self, kind: str, name: str, choices: tuple[str, ...]) -> None:
        self.kind, self.name, self.choices = kind, name, choices
        plugins = " and ".join(choice.partition(":")[0] for choice in choices)
        self.suggestion = f"write {' or '.join(repr(choice) for choice in choices)}"
        super().__init__(f"the plugins {plugins} each have a {kind} called {name!r}; {self.suggestion}")


class Registry:
    """The components of all loaded plugins.

    Two of one kind and name are kept; asking for them by the bare name is an error that names both plugins.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = tuple(
            sorted(entries, key=lambda entry: (entry.component.kind, entry.component.name, entry.plugin))
        )

    def all(self, kind: str | None = None) -> tuple[Entry, ...]:
        """Every component, or those of one kind, sorted by kind, name and plugin."""
        return tuple(entry for entry in self._entries if kind in (None, entry.component.kind))

    def get(self, kind: str, name: str) -> Entry:
        """The component of this kind that `name` or ``plugin:name`` means.

        Raises:
            UnknownComponent: With the nearest names, or all of them where none is near.
            AmbiguousComponent: Where several plugins have it; only for a bare name.
        """
        entries = self.all(kind)
        found = [entry for entry in entries if name in (entry.component.name, entry.qualified)]
        if not found:
            raise UnknownComponent(kind, name, _suggestion(name, entries))
        if len(found) > 1:
            raise AmbiguousComponent(kind, name, tuple(entry.qualified for entry in found))
        return found[0]


def nearest(name: str, names: Iterable[str]) -> list[str]:
    """Up to three of `names` that `name` may have been meant to be, the nearest first."""
    return difflib.get_close_matches(name, list(dict.fromkeys(names)), n=3, cutoff=0.6)


def _suggestion(name: str, entries: Iterable[Entry]) -> str:
    entries = tuple(entries)
    names = [entry.qualified if ":" in name else entry.component.name for entry in entries]
    _, _, bare = name.rpartition(":")
    near = nearest(name, names) or [
        entry.qualified for entry in entries if ":" in name and entry.component.name == bare
    ]
    if near:
        return f"did you mean {' or '.join(repr(choice) for choice in near)}?"
    known = ", ".join(dict.fromkeys(entry.component.name for entry in entries))
    return f"known: {known}" if known else "no plugin declares one"
