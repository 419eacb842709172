"""The values of many files alike, without their places.

The files of a thousand runs differ in a line or two, and reading YAML takes milliseconds. In what `dump` writes, a
line that begins with a letter or a quote begins another entry of the mapping, so that a text can be read entry by
entry, each of them once however many files it stands in. Where this is not so, an entry does not make sense alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from runner.config.document import read
from runner.config.syntax import parse
from runner.errors import ExperimentError, Problem

_ENTRY = re.compile(r"^(?=[A-Za-z_\"'])", re.MULTILINE)
_INDENT = re.compile("^  ", re.MULTILINE)
_NOT_APART = ("&", "---", "...", "\r", "\x85", "\u2028", "\u2029", "\ufeff", " " * 100)
"""What concerns a text as a whole: anchors, ends of documents, other line ends, too deep a nesting."""
_LONGEST = 50_000  # bytes; too short for more values than a file may have


class _NotApartError(Exception):
    """A text that has to be read as a whole."""


def values(path: Path) -> dict[str, Any]:
    """What ``read(path, alone=True).data`` is; not to be changed, for parts of it are shared with other files.

    Raises:
        ExperimentError: As of `read`.
    """
    try:
        if not path.is_file() or path.stat().st_size > _LONGEST:
            raise _NotApartError
        text = path.read_bytes().decode()
        if any(mark in text for mark in _NOT_APART):
            raise _NotApartError
        tree = _mapping(text)
        if "extends" not in tree:
            return tree
    except (OSError, UnicodeDecodeError, _NotApartError):
        pass
    return read(path, alone=True).data


def _mapping(text: str) -> dict[str, Any]:
    before, *entries = _ENTRY.split(text)
    tree = dict(map(_entry, entries))
    if before or len(tree) != len(entries) or not tree:
        raise _NotApartError
    return tree


@lru_cache(maxsize=10_000)
def _entry(text: str) -> tuple[str, Any]:
    """Key and value of one entry."""
    head, _, body = text.partition("\n")
    lines = [line for line in body.split("\n") if line]
    if head.endswith(":") and lines and all(line.startswith("  ") for line in lines):
        key, value = _parsed(head)
        try:
            if value is None:
                return key, _mapping(_INDENT.sub("", body))
        except _NotApartError:
            pass  # the value is no mapping
    return _parsed(text)


def _parsed(text: str) -> tuple[str, Any]:
    problems: list[Problem] = []
    try:
        tree = parse(text, lambda line, column: "", problems)[0].data()
    except ExperimentError:
        raise _NotApartError from None
    if problems or not isinstance(tree, dict) or len(tree) != 1:
        raise _NotApartError
    return next(iter(tree.items()))
