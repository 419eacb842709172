"""An experiment file, its ``extends:`` and the command line's overrides, read into one tree."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runner.config.overrides import apply
from runner.config.syntax import parse, position
from runner.config.tree import Node, merge
from runner.errors import ExperimentError, Problem

_LARGEST_FILE = 10_000_000


@dataclass(frozen=True)
class Document:
    """An experiment as written.

    Attributes:
        path: The experiment file.
        data: All values: `extends` followed and removed, overrides applied.
        problems: Mistakes that did not stop the reading, e.g. duplicate keys.
        text: The file, verbatim.
    """

    path: Path
    data: dict[str, Any]
    problems: tuple[Problem, ...]
    text: str
    _root: Node = field(repr=False, compare=False)

    def where(self, key: Sequence[str | int]) -> str:
        """Place of the value at `key`, or of the nearest one above: ``file:line:column`` or the override."""
        return self._nearest(key)[0].where

    def where_key(self, key: Sequence[str | int]) -> str:
        """Place of the key itself; like `where` if the key is not there."""
        node, found = self._nearest(key)
        return node.where_key if found else node.where

    def _nearest(self, key: Sequence[str | int]) -> tuple[Node, bool]:
        node = self._root
        for part in key:
            child = node.child(part)
            if child is None:
                return node, False
            node = child
        return node, True


def read(path: Path, overrides: Sequence[str] = (), *, alone: bool = False) -> Document:
    """Reads an experiment file and those it extends.

    Args:
        path: The experiment file.
        overrides: Texts such as ``training.steps=100``, applied in this order.
        alone: Whether `extends` is refused, as in a run folder, which leads nowhere else.

    Raises:
        ExperimentError: For a file that cannot be read or is not YAML, or an `extends` that leads nowhere or
            round in a circle. Other mistakes are in the document's `problems`.
    """
    problems: list[Problem] = []
    chain = _read_chain(path, problems, alone)
    root = chain[-1][0]
    for own, _ in reversed(chain[:-1]):
        root = merge(root, own)
    for override in overrides:
        root = apply(root, override, problems)
    return Document(path, root.data(), tuple(problems), chain[0][1], root)


def _read_chain(path: Path, problems: list[Problem], alone: bool) -> list[tuple[Node, str]]:
    """The file and those it extends, itself first: root node without `extends`, and text."""
    chain: list[tuple[Node, str]] = []
    names: dict[Path, str] = {}
    asked_at: Problem | None = None
    while True:
        resolved = Path(os.path.realpath(path))
        if asked_at and resolved in names:
            circle = " -> ".join([*names.values(), names[resolved]])
            raise ExperimentError([replace(asked_at, message=f"files extend each other in a circle: {circle}")])
        names[resolved] = _shown(path)
        root, text = _read_file(path, asked_at, problems)
        if not isinstance(root.value, dict):
            message = "expected keys and values, such as `name: my-experiment`"
            raise ExperimentError([Problem(root.where, "", message)])
        entries = dict(root.value)
        parent = entries.pop("extends", None)
        chain.append((replace(root, value=entries), text))
        if parent is None:
            return chain
        if alone:
            raise ExperimentError([Problem(parent.where, "extends", "a run's experiment must stand alone")])
        if not isinstance(parent.value, str) or not parent.value or "\0" in parent.value:
            raise ExperimentError([Problem(parent.where, "extends", "expected the path of one experiment file")])
        path = Path(os.path.normpath(path.parent / parent.value))
        asked_at = Problem(parent.where, "extends", "")


def _read_file(path: Path, asked_at: Problem | None, problems: list[Problem]) -> tuple[Node, str]:
    shown = _shown(path)
    if asked_at and os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        raise ExperimentError([replace(asked_at, message=f"{shown} is not a file")])  # it may be waited for
    asked_at = asked_at or Problem("", "", "")
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except FileNotFoundError:
        raise ExperimentError([replace(asked_at, message=f"there is no file {shown}")]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ExperimentError([replace(asked_at, message=f"cannot read {shown}: {reason}")]) from None
    if len(content) > _LARGEST_FILE:
        raise ExperimentError([Problem(shown, "", f"larger than {_LARGEST_FILE // 1_000_000} MB; not an experiment")])

    def locate(line: int, column: int) -> str:
        return f"{shown}:{line + 1}:{column + 1}"

    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        message = f"the byte 0x{content[error.start]:02x} is not UTF-8 text"
        suggestion = "save the file in UTF-8"
        raise ExperimentError([Problem(locate(*position(before, len(before))), "", message, suggestion)]) from None
    return parse(text, locate, problems)[0], text


def _shown(path: Path) -> str:
    """A relative path as it is, an absolute one from the working folder where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path)
