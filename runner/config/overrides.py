"""``--set a.b=c``: values given on the command line, typed as in a file."""

from __future__ import annotations

from typing import Any

import yaml

from runner.config.syntax import parse
from runner.config.tree import Node, put
from runner.errors import ExperimentError, Problem

_MOST_KEYS = 50


def scalar(text: str) -> Any:
    """A scalar, or a list or mapping in flow style (``[1, 2]``, ``{a: 1}``), typed as in an experiment file.

    Raises:
        ExperimentError: For anything else.
    """
    problems: list[Problem] = []
    node = _value(text, f"{text!r}", problems)
    if problems:
        raise ExperimentError(problems)
    return node.data()


def apply(root: Node, override: str, problems: list[Problem]) -> Node:
    """`root` with one override applied; what is wrong with it is added to `problems`."""
    where = f"--set {override}"
    key, equals, text = override.partition("=")
    keys = [part.strip() for part in key.split(".")]
    if not equals or not all(keys) or len(keys) > _MOST_KEYS:
        suggestion = "for example --set training.steps=100"
        problems.append(Problem(where, "", "expected a dotted key, '=' and a value", suggestion))
        return root
    if keys[0] == "extends":
        problems.append(Problem(where, "extends", "cannot be overridden", "write it in an experiment file"))
        return root
    try:
        return put(root, keys, _value(text, where, problems, tuple(keys)))
    except ExperimentError as error:
        problems.extend(error.problems)
        return root


def _value(text: str, where: str, problems: list[Problem], key: tuple[str, ...] = ()) -> Node:
    node, raw = parse(text, lambda line, column: where, problems, key)
    whole = not text.strip() if raw is None else not text[raw.end_mark.index :].strip()
    if not whole or (isinstance(raw, yaml.CollectionNode) and not raw.flow_style):
        message = "expected one scalar, or a list or mapping in flow style such as [1, 2] or {a: 1}"
        suggestion = "put text into quotes, also for the shell: '\"...\"'"
        raise ExperimentError([Problem(where, ".".join(key), message, suggestion)])
    return node
