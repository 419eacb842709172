"""A tree of values as dotted keys."""

from __future__ import annotations

from typing import Any


def flat(tree: Any, key: str = "") -> dict[str, Any]:
    """Leaves by dotted key; elements of lists by their name where they have one, by number otherwise.

    >>> flat({"a": {"b": 1}, "metrics": [{"name": "m", "bins": 3}], "c": [1, 2]})
    {'a.b': 1, 'metrics.m.name': 'm', 'metrics.m.bins': 3, 'c': [1, 2]}
    """
    if isinstance(tree, dict) and tree:
        entries = list(tree.items())
    elif isinstance(tree, list) and any(isinstance(value, (dict, list)) for value in tree):
        entries = [
            (value["name"] if isinstance(value, dict) and "name" in value else str(number), value)
            for number, value in enumerate(tree)
        ]
    else:
        return {key: tree}
    return {
        leaf: value
        for name, nested in entries
        for leaf, value in flat(nested, f"{key}.{name}" if key else name).items()
    }
