"""The values of an experiment, each with its place, and how two such trees are merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from runner.config.scalars import Scalar
from runner.errors import ExperimentError, Problem

Value: TypeAlias = "Scalar | list[Node] | dict[str, Node]"


@dataclass(frozen=True)
class Node:
    """A value and where it was written.

    Attributes:
        value: A scalar, or nodes in a list or by key.
        where: ``file:line:column`` of the value, or the text of an override.
        where_key: The same of its key; of the value for the root and for items of a list.
    """

    value: Value
    where: str
    where_key: str

    def child(self, key: str | int) -> Node | None:
        """The node at a key or an index, None if there is none."""
        if isinstance(self.value, dict):
            return self.value.get(key) if isinstance(key, str) else None
        if isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
            return self.value[key]
        return None

    def data(self) -> Any:
        """The bare value."""
        if isinstance(self.value, dict):
            return {key: node.data() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.data() for node in self.value]
        return self.value


def merge(base: Node, own: Node, *, top: bool = True) -> Node:
    """`own` laid over `base`: mappings merge key by key, all else replaces.

    A component (a mapping with `name`, or a bare name) of another name starts afresh: the base's parameters
    are those of another component. The top of an experiment has a `name` too, but is no component.
    """
    if not isinstance(own.value, dict):
        return own
    entries = own.value
    if isinstance(base.value, dict):
        old = base.value
    elif isinstance(base.value, str):
        old = as_selection(base)
    else:
        return own
    names = [mapping["name"].value for mapping in (old, entries) if "name" in mapping]
    if not top and len(names) == 2 and names[0] != names[1]:
        return own
    merged = dict(old)
    for key, node in entries.items():
        merged[key] = merge(old[key], node, top=False) if key in old else node
    return replace(own, value=merged)


def as_selection(node: Node) -> dict[str, Node]:
    """A bare component name written as a mapping."""
    return {"name": replace(node, where_key=node.where)}


def put(node: Node, keys: Sequence[str], value: Node, above: tuple[str, ...] = ()) -> Node:
    """`node` with `value`, which comes from an override, at `keys`; mappings that are missing are made.

    Another `name` for a component drops its parameters, except those that other overrides set.

    Raises:
        ExperimentError: Where the keys lead into a number, or to an item that a list does not have.
    """
    if not keys:
        return value
    key, rest, here = keys[0], keys[1:], (*above, keys[0])
    if isinstance(node.value, list):
        items = list(node.value)
        if not (key.isascii() and key.isdecimal() and len(key) < 10 and int(key) < len(items)):
            raise _no_such(value.where, here, f"{'.'.join(above)} is a list of {len(items)}, counted from 0")
        items[int(key)] = put(items[int(key)], rest, value, here)
        return replace(node, value=items)
    if isinstance(node.value, dict):
        entries = dict(node.value)
    elif isinstance(node.value, str):
        entries = as_selection(node)
    elif node.value is None:
        entries = {}
    else:
        raise _no_such(value.where, here, f"{'.'.join(above)} is {node.value!r}, which has no keys")
    if above and key == "name" and not rest and "name" in entries and entries["name"].value != value.value:
        entries = {name: entry for name, entry in entries.items() if entry.where.startswith("--set ")}
    missing = Node(None, value.where, value.where)
    entries[key] = put(entries.get(key, missing), rest, value, here)
    return replace(node, value=entries)


def _no_such(where: str, key: tuple[str, ...], message: str) -> ExperimentError:
    return ExperimentError([Problem(where, ".".join(key), message)])
