"""Values to YAML text that reads back to the same values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from runner.config.scalars import resolve

_LONGEST_FLOW = 90
_NO_FOLDING = 2**30
_AMBIGUOUS_BREAKS = "\r\x85\u2028\u2029"


def dump(data: Mapping[str, Any]) -> str:
    """YAML text of `data`; what is short goes on one line.

    Args:
        data: Text, numbers, truth values, None, lists or tuples, and mappings with text keys.

    Raises:
        TypeError: For anything else.
    """
    events = [
        yaml.StreamStartEvent(),
        yaml.DocumentStartEvent(explicit=False),
        *_events(data, top=True),
        yaml.DocumentEndEvent(explicit=False),
        yaml.StreamEndEvent(),
    ]
    text: str = yaml.emit(events, width=_NO_FOLDING, allow_unicode=True)
    return text


def _events(value: Any, *, top: bool = False) -> Iterator[yaml.Event]:
    flow = not top and len(str(value)) <= _LONGEST_FLOW
    if isinstance(value, Mapping):
        yield yaml.MappingStartEvent(None, None, implicit=True, flow_style=flow)
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a key must be text, not {key!r}")
            yield _scalar(key, is_key=True)
            yield from _events(item)
        yield yaml.MappingEndEvent()
    elif isinstance(value, (list, tuple)):
        yield yaml.SequenceStartEvent(None, None, implicit=True, flow_style=flow)
        for item in value:
            yield from _events(item)
        yield yaml.SequenceEndEvent()
    else:
        yield _scalar(value)


def _scalar(value: object, *, is_key: bool = False) -> yaml.ScalarEvent:
    style = None
    if value is None:
        text = "null"
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int):
        text = int.__repr__(value)
    elif isinstance(value, float):
        finite = math.isfinite(value)
        text = float.__repr__(value) if finite else {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}[str(value)]
    elif isinstance(value, str):
        text = str.__str__(value)
        style = _style(text, is_key=is_key)
    else:
        raise TypeError(f"{value!r} is a {type(value).__name__}, which an experiment file cannot hold")
    return yaml.ScalarEvent(None, None, (True, True), text, style=style)


def _style(text: str, *, is_key: bool) -> str | None:
    # YAML reads all of these as "\n", except as escapes between double quotes.
    if any(character in _AMBIGUOUS_BREAKS for character in text):
        return '"'
    if "\n" in text:
        lines = text.split("\n")
        readable = not is_key and all(line == line.strip() for line in lines) and all(lines[:-1])
        return "|" if readable else '"'
    try:
        is_text = resolve(text) is text
    except ValueError:
        is_text = False
    return None if is_text and text != "<<" else "'"
