"""Trees from YAML checked against pydantic models; every mistake becomes a `Problem` with its place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from runner.config import Document
from runner.errors import MOST_TOLD, Problem
from runner.optimizers import OPTIMIZERS
from runner.registry import nearest

Model = TypeVar("Model", bound=BaseModel)
Key = tuple[str | int, ...]

_TYPES = {  # pydantic's names of JSON types, in YAML's words
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "int_type": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "a text",
    "path_type": "a path",
}
_PATTERNS = {
    "^(auto|cpu|gpu(:\\d+)?)$": "auto, cpu, gpu or gpu:N",
    "^[A-Za-z0-9][A-Za-z0-9._-]*$": "letters, digits, '.', '_' and '-', beginning with a letter or digit",
}


def validate(
    model: type[Model], tree: object, document: Document, key: Key = (), context: Mapping[str, Any] | None = None
) -> Model | list[Problem]:
    """The tree as a model, or everything that is wrong with it, up to `MOST_TOLD` mistakes.

    Types are strict with JSON's meaning: a list is a tuple, 3 is a number, but "100" is no integer.

    Args:
        model: What the tree should be.
        tree: Part of an experiment file.
        document: The file, for positions.
        key: Where the tree stands in it.
        context: For validators, e.g. the folders data files are looked up in.
    """
    try:
        return model.model_validate_json(json.dumps(tree), strict=True, context=dict(context or {}))
    except ValidationError as error:
        return list(_problems(error, model, tree, document, key))


def _problems(
    error: ValidationError, model: type[BaseModel], tree: object, document: Document, key: Key
) -> Iterator[Problem]:
    for details in error.errors()[: MOST_TOLD + 1]:
        location = _location(details["loc"], tree)
        full = (*key, *location)
        unknown, missing = details["type"] == "extra_forbidden", details["type"] == "missing"
        message, suggestion = _explain(details)
        if unknown:
            suggestion = _nearest_key(str(location[-1]), model, details["loc"][:-1])
        yield Problem(
            where=document.where_key(full) if unknown else document.where(full[:-1] if missing else full),
            key=dotted(full),
            message=message,
            suggestion=suggestion,
            data=details["type"] == "data_file_missing",
        )


def dotted(key: Iterable[str | int]) -> str:
    """("evaluation", "metrics", 0) as "evaluation.metrics.0"."""
    return ".".join(str(part) for part in key)


def _location(loc: tuple[str | int, ...], tree: object) -> Key:
    """Location of a mistake without the tags of unions, which are not in the file."""
    result: list[str | int] = []
    node: Any = tree
    for position, part in enumerate(loc):
        last = position == len(loc) - 1
        if isinstance(node, dict) and part in node:
            node = node[part]
        elif isinstance(node, list) and isinstance(part, int):
            node = node[part] if part < len(node) else None
        elif not last or part in OPTIMIZERS:
            continue
        result.append(part)
    return tuple(result)


def _explain(details: ErrorDetails) -> tuple[str, str]:
    """Message and suggestion of one of pydantic's errors."""
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return "unknown key", ""
    if kind == "missing":
        return "this key is missing", ""
    if kind in _TYPES:
        return f"expected {_TYPES[kind]}, found {shown(value)}", _retype(kind, value)
    if kind == "data_file_missing":
        return details["msg"], str(context["suggestion"])
    if kind == "union_tag_invalid":
        near = nearest(str(context["tag"]), OPTIMIZERS)
        known = ", ".join(OPTIMIZERS)
        return (
            f"there is no optimizer called {context['tag']!r}",
            f"did you mean {' or '.join(map(repr, near))}?" if near else f"known: {known}",
        )
    if kind == "union_tag_not_found":
        return "the optimizer's name is missing", f"write 'name: ...'; known: {', '.join(OPTIMIZERS)}"
    if kind == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        return f"expected {_PATTERNS.get(pattern, f'a text like {pattern}')}, found {shown(value)}", ""
    if kind == "literal_error":
        near = nearest(str(value), str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", "))
        return (
            f"expected {context['expected']}, found {shown(value)}",
            f"did you mean {near[0]!r}?" if near else "",
        )
    if kind in ("value_error", "assertion_error"):
        return str(context["error"]), ""
    return f"{_lower(details['msg'])}, found {shown(value)}", ""


def _lower(message: str) -> str:
    return message.replace("Input should be", "expected a value").replace("Value error, ", "")


def _retype(kind: str, value: object) -> str:
    if isinstance(value, str) and kind in ("int_type", "float_type", "bool_type"):
        return "leave out the quotes" if _is_scalar(kind, value) else ""
    if kind == "int_type" and isinstance(value, float) and value.is_integer():
        return f"write {int(value)}"
    return "put it in quotes" if kind == "string_type" and isinstance(value, (int, float)) else ""


def _is_scalar(kind: str, text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return kind == "bool_type" and text in ("true", "false")
    return kind != "bool_type"


def shown(value: object) -> str:
    """A value as YAML would show it, cut to one short line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _nearest_key(key: str, model: type[BaseModel], path: tuple[str | int, ...]) -> str:
    """The nearest key of the model at `path`, or all of its keys."""
    fields = list(_keys_at(_schema(model), path))
    near = nearest(key, fields)
    if near:
        return f"did you mean {' or '.join(repr(field) for field in near)}?"
    return f"known: {', '.join(fields)}" if fields else "there are no parameters here"


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()  # made anew by each call, which takes longer than all the rest


def _keys_at(schema: dict[str, Any], path: tuple[str | int, ...]) -> Iterable[str]:
    """Keys that the JSON Schema allows at `path`."""
    definitions = schema.get("$defs", {})
    node = schema
    for part in path:
        node = _resolve(node, definitions, part)
        if isinstance(part, int):
            node = node.get("items") or (node.get("prefixItems") or [{}] * (part + 1))[part]
        elif part in node.get("properties", {}):
            node = node["properties"][part]
        elif isinstance(node.get("additionalProperties"), dict):
            node = node["additionalProperties"]
    properties: dict[str, Any] = _resolve(node, definitions, None).get("properties", {})
    return properties


def _resolve(node: dict[str, Any], definitions: dict[str, Any], tag: str | int | None) -> dict[str, Any]:
    """Follows references, and the branch of a union that `tag` names or that is a mapping."""
    while True:
        if "$ref" in node:
            node = definitions[node["$ref"].rpartition("/")[2]]
        elif tag in node.get("discriminator", {}).get("mapping", {}):
            node = {"$ref": node["discriminator"]["mapping"][tag]}
        elif "anyOf" in node:
            branches = [_resolve(branch, definitions, tag) for branch in node["anyOf"]]
            node = next((branch for branch in branches if "properties" in branch or "items" in branch), {})
        else:
            return node
