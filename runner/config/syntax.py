"""YAML text to a tree of values with places, on PyYAML's reader, scanner, parser and composer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from runner.config.scalars import Scalar, resolve
from runner.config.tree import Node, Value
from runner.errors import ExperimentError, Problem

Locate = Callable[[int, int], str]
"""Line and column, both counted from 0, to the text shown to the user."""

_MOST_NODES = 100_000
_MOST_CHARACTERS = 10_000_000
_GREATEST_DEPTH = 100


class _Composer(Reader, Scanner, Parser, Composer, BaseResolver):
    """PyYAML's composer, with limits; it leaves the type of scalars alone and remembers tags."""

    def __init__(self, text: str, locate: Locate) -> None:
        self._locate = locate
        self._nodes = self._depth = 0
        self.tags: list[tuple[str, str]] = []
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        # PyYAML's stubs leave this method without types.
        peek: Callable[[], Any] = self.peek_event
        event = peek()
        where = self._locate(event.start_mark.line, event.start_mark.column)
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.tags.append((where, tag))
        self._nodes += 1
        self._depth += 1
        check_size(self._nodes, self._depth, where)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def check_size(nodes: int, depth: int, where: str) -> None:
    """Stops at texts that are no experiments, before they fill the memory.

    Raises:
        ExperimentError: Beyond 100,000 values or 100 levels, aliases written out.
    """
    if nodes > _MOST_NODES:
        raise ExperimentError([Problem(where, "", f"more than {_MOST_NODES:,} values, aliases written out")])
    if depth > _GREATEST_DEPTH:
        raise ExperimentError([Problem(where, "", f"nested more than {_GREATEST_DEPTH} levels deep")])


def parse(
    text: str, locate: Locate, problems: list[Problem], key: tuple[str, ...] = ()
) -> tuple[Node, yaml.Node | None]:
    """The one document in `text`, with PyYAML's node of it; a null for empty text.

    Duplicate keys, keys that are not text, merge keys, tags and impossible values are added to `problems`,
    and the reading goes on, so that all of them are shown at once. `key` is where the document belongs.

    Raises:
        ExperimentError: For text that is not YAML, more than one document, or one beyond the limits.
    """
    composer: _Composer | None = None
    try:
        composer = _Composer(text, locate)
        raw = composer.get_single_node()
    except ReaderError as error:
        message = f"the character U+{int(error.character):04X} is not allowed"
        raise ExperimentError([Problem(locate(*position(text, error.position)), "", message)]) from None
    except yaml.MarkedYAMLError as error:
        raise ExperimentError([_syntax_problem(error, locate)]) from None
    except (ValueError, OverflowError):
        # The scanner lets numbers in escapes and directives through that Python refuses.
        place = locate(composer.line, composer.column) if composer else locate(0, 0)
        message = "not valid YAML: a number out of range in an escape or a directive"
        raise ExperimentError([Problem(place, "", message)]) from None
    problems += [
        Problem(where, "", f"tags such as {tag!r} are not supported", "leave it out") for where, tag in composer.tags
    ]
    if raw is None:
        return Node(None, locate(0, 0), locate(0, 0)), None
    return _Converter(locate, problems).convert(raw, key), raw


def position(text: str, index: int) -> tuple[int, int]:
    """Line and column of a character, counted from 0."""
    before = text[:index]
    return before.count("\n"), index - (before.rfind("\n") + 1)


def _syntax_problem(error: yaml.MarkedYAMLError, locate: Locate) -> Problem:
    mark = error.problem_mark or error.context_mark
    message = f"not valid YAML: {error.problem}"
    if error.context:
        line = f", which began in line {error.context_mark.line + 1}" if error.context_mark else ""
        message += f" ({error.context}{line})"
    suggestion = "indent with spaces, not with tabs" if "'\\t'" in str(error.problem) else ""
    return Problem(locate(mark.line, mark.column) if mark else locate(0, 0), "", message, suggestion)


class _Converter:
    """PyYAML's nodes to nodes of ours, aliases written out."""

    def __init__(self, locate: Locate, problems: list[Problem]) -> None:
        self._locate = locate
        self._problems = problems
        self._nodes = self._characters = 0
        self._open: set[int] = set()

    def convert(self, raw: yaml.Node, key: tuple[str, ...], where_key: str = "") -> Node:
        where = self._where(raw)
        self._nodes += 1
        check_size(self._nodes, len(key), where)
        if id(raw) in self._open:
            raise ExperimentError([Problem(where, ".".join(key), "an anchor that holds an alias of itself")])
        self._open.add(id(raw))
        value: Value
        if isinstance(raw, yaml.MappingNode):
            value = self._mapping(raw, key)
        elif isinstance(raw, yaml.SequenceNode):
            value = [self.convert(item, (*key, str(index))) for index, item in enumerate(raw.value)]
        else:
            value = self._scalar(raw, key)
        self._open.remove(id(raw))
        return Node(value, where, where_key or where)

    def _mapping(self, raw: yaml.MappingNode, above: tuple[str, ...]) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        for raw_key, raw_value in raw.value:
            where = self._where(raw_key)
            key = self._key(raw_key, above)
            if key is None:
                continue
            node = self.convert(raw_value, (*above, key), where)
            if key in entries:
                first = entries[key].where_key.removeprefix("--set ")
                self._problem(where, (*above, key), f"this key is given twice; first at {first}", "keep one")
            else:
                entries[key] = node
        return entries

    def _key(self, raw: yaml.Node, above: tuple[str, ...]) -> str | None:
        where = self._where(raw)
        if not isinstance(raw, yaml.ScalarNode):
            self._problem(where, above, "a list or a mapping cannot be a key")
            return None
        if raw.style is None and raw.value == "<<":
            suggestion = "write the keys out, or use `extends: other.yaml`"
            self._problem(where, above, "merge keys (<<) are not supported", suggestion)
            return None
        key = self._scalar(raw, above)
        if not isinstance(key, str):
            suggestion = f'quote it: "{raw.value}"' if raw.value else ""
            self._problem(where, above, f"a key must be text, not {raw.value or 'empty'}", suggestion)
            return None
        return key

    def _scalar(self, raw: yaml.Node, key: tuple[str, ...]) -> Scalar:
        text: str = raw.value
        self._characters += len(text)
        if self._characters > _MOST_CHARACTERS:
            message = f"more than {_MOST_CHARACTERS:,} characters, aliases written out"
            raise ExperimentError([Problem(self._where(raw), ".".join(key), message)])
        if any("\ud800" <= character <= "\udfff" for character in text):
            self._problem(self._where(raw), key, "half of a surrogate pair is no character")
            return text.encode("utf-8", "replace").decode()
        try:
            # Only an unquoted scalar has no style.
            return resolve(text) if raw.style is None else text  # type: ignore[attr-defined]
        except ValueError as error:
            self._problem(self._where(raw), key, str(error))
            return 0

    def _problem(self, where: str, key: tuple[str, ...], message: str, suggestion: str = "") -> None:
        self._problems.append(Problem(where, ".".join(key), message, suggestion))

    def _where(self, raw: yaml.Node) -> str:
        return self._locate(raw.start_mark.line, raw.start_mark.column)
