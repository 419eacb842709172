"""JSON Schema of experiment files, with the parameters of every plugin.

It never refuses a file that is valid. Therefore it does not ask for keys that a parent named by ``extends:``
may give; `runner validate` does.
"""

from __future__ import annotations

from typing import Any

from runner.experiment import Experiment
from runner.registry import Entry, Registry

_SECTIONS = {
    "dataset": "dataset",
    "transform": "transform",
    "networks": "architecture",
    "strategy": "strategy",
    "losses": "loss",
    "callbacks": "callback",
}

# A mapping without a name is parameters for a component that a parent file names.
_UNNAMED = {"type": "object", "not": {"required": ["name"]}}


def experiment_schema(registry: Registry) -> dict[str, Any]:
    """The schema, as a tree for `json.dumps`."""
    schema = Experiment.model_json_schema()
    definitions: dict[str, Any] = schema["$defs"]
    properties: dict[str, Any] = schema["properties"]
    for kind in (*_SECTIONS.values(), "metric"):
        definitions[kind] = _selection(kind, registry.all(kind), definitions)
    for section, kind in _SECTIONS.items():
        _point(properties[section], kind)
    _point(definitions["Evaluation"]["properties"]["metrics"], "metric")
    optimizer = properties["optimizers"]["additionalProperties"]
    names = list(optimizer["discriminator"]["mapping"])
    properties["optimizers"]["additionalProperties"] = {"anyOf": [{"enum": names}, *optimizer["oneOf"], _UNNAMED]}
    for reference in optimizer["oneOf"]:
        definitions[reference["$ref"].rpartition("/")[2]]["required"] = ["name"]
    properties["extends"] = {"type": "string", "description": "experiment file whose keys are taken over"}
    del definitions["Selection"]
    for definition in (schema, *definitions.values()):
        _relax(definition)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "runner experiment"}


def _selection(kind: str, entries: tuple[Entry, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    """A component's name, a mapping with its parameters, or a mapping without a name under ``extends:``."""
    names = sorted({entry.component.name for entry in entries})
    mappings = []
    for entry in entries:
        key = f"{kind}.{entry.qualified}"
        definitions[key] = _component(entry, key, definitions)
        mappings.append({"$ref": f"#/$defs/{key}"})
    qualified = {"type": "string", "pattern": "^[^:]+:[^:]+$"}
    return {"anyOf": [{"enum": names}, qualified, *mappings, _UNNAMED]}


def _component(entry: Entry, key: str, definitions: dict[str, Any]) -> dict[str, Any]:
    schema = entry.component.Params.model_json_schema(ref_template=f"#/$defs/{key}.{{model}}")
    for name, nested in schema.pop("$defs", {}).items():
        definitions[f"{key}.{name}"] = nested
    names = {"enum": [entry.component.name, entry.qualified]}
    return {
        "type": "object",
        "description": entry.component.help(),
        "properties": {"name": names, **schema.get("properties", {})},
        "required": ["name"],
        "additionalProperties": False,
    }


def _point(property_schema: dict[str, Any], kind: str) -> None:
    """Replaces the reference to `Selection`, wherever it is, by one to the selections of a kind."""
    holder = property_schema
    for nested in ("additionalProperties", "items"):
        if nested in property_schema:
            holder = property_schema[nested]
    holder.clear() if holder is not property_schema else holder.pop("$ref", None)
    holder["$ref"] = f"#/$defs/{kind}"


def _relax(definition: dict[str, Any]) -> None:
    """Drops what a parent file may fill in."""
    if definition.get("required") != ["name"] or "anyOf" in definition:
        definition.pop("required", None)
