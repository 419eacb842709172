"""``runner plugins``: what experiments can be made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.cli import options

if TYPE_CHECKING:
    from runner.registry import Entry

_FACTS = ("role", "slot", "suffix", "unit", "better", "version", "judged_on")
"""What some kinds of components declare beside a name."""


@click.group()
def command() -> None:
    """Show what experiments can be made of."""


@command.command("list")
@click.option("--kind", help="Only one kind: dataset, architecture, loss, metric, ...")
@options.plugin_files
@options.table_format("table", "md", "csv", "json", "latex")
def list_components(kind: str | None, plugin_files: Sequence[Path], form: str) -> None:
    """List all components, and the plugins that are broken."""
    from runner.plugin_manager import load_plugins
    from runner.report.tables import Column, Table, render

    plugins = load_plugins(files=plugin_files)
    records: list[dict[str, Any]] = [
        {
            "kind": entry.component.kind,
            "name": entry.component.name,
            "plugin": entry.plugin,
            "source": entry.source,
            "help": entry.component.help(),
            "reference": entry.component.reference,
        }
        for entry in plugins.registry.all(kind)
    ]
    if kind and not records:
        known = ", ".join(sorted({entry.component.kind for entry in plugins.registry.all()}))
        raise click.BadParameter(f"there is no kind {kind!r}; known: {known}", param_hint="--kind")
    shown = ("kind", "name", "plugin", "help", "reference")
    table = Table(
        title="Components",
        columns=tuple(Column(name, wrap=name in ("help", "reference")) for name in shown),
        rows=tuple(tuple(str(record[name]) for name in shown) for record in records),
        records=tuple(records),
    )
    if form == "json":
        import json

        broken = [vars(plugin) for plugin in plugins.broken]
        click.echo(json.dumps({"components": records, "broken": broken}, indent=2, ensure_ascii=False))
        return
    click.echo(render(table, form))
    for plugin in plugins.broken:
        click.echo(f"broken: {plugin.name} ({plugin.source}): {plugin.reason}\n{plugin.traceback}", err=True)


@command.command()
@click.argument("name")
@options.plugin_files
@options.table_format("table", "json")
def describe(name: str, plugin_files: Sequence[Path], form: str) -> None:
    """Describe a component and its parameters.

    NAME is a component's name, or plugin:name.
    """
    from runner.errors import PluginError
    from runner.plugin_manager import load_plugins
    from runner.registry import nearest

    entries = load_plugins(files=plugin_files).registry.all()
    found = [entry for entry in entries if name in (entry.component.name, entry.qualified)]
    if not found:
        near = nearest(name, [entry.component.name for entry in entries])
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "see runner plugins list"
        raise PluginError(f"there is no component called {name!r}; {hint}")
    if form == "json":
        import json

        click.echo(json.dumps([_record(entry) for entry in found], indent=2, ensure_ascii=False))
        return
    click.echo("\n".join(_text(entry) for entry in found))


def _record(entry: Entry) -> dict[str, Any]:
    component = entry.component
    record = {
        "kind": component.kind,
        "name": component.name,
        "plugin": entry.plugin,
        "source": entry.source,
        "help": component.__doc__,
        "reference": component.reference,
        "parameters": component.Params.model_json_schema(),
    }
    for attribute in _FACTS:
        if hasattr(component, attribute):
            record[attribute] = getattr(component, attribute)
    return record


def _text(entry: Entry) -> str:
    import inspect

    from runner.report.tables import Column, Table, render

    component = entry.component
    lines = [f"{component.kind} {component.name} (plugin {entry.plugin}, {entry.source})", ""]
    lines += [inspect.cleandoc(component.__doc__ or ""), ""]
    facts = (*_FACTS, "reference")
    lines += [f"{fact}: {getattr(component, fact)}" for fact in facts if getattr(component, fact, "")]
    rows = tuple(parameter_rows(component.Params.model_json_schema()))
    if not rows:
        return "\n".join([*lines, "no parameters", ""])
    shown = ("parameter", "type", "default", "range", "help")
    columns = tuple(Column(column, wrap=column in ("type", "help")) for column in shown)
    return "\n".join([*lines, "", render(Table("Parameters", columns, rows, ()), "table")])


def parameter_rows(schema: dict[str, Any], prefix: str = "") -> list[tuple[str, ...]]:
    """Name, type, default, range and help of each parameter; those of nested mappings as ``outer.inner``."""
    import json

    definitions = schema.get("$defs", {})
    rows: list[tuple[str, ...]] = []
    for name, field in schema.get("properties", {}).items():
        default = json.dumps(field["default"]) if "default" in field else "required"
        help_text = field.get("description", "")
        rows.append((f"{prefix}{name}", _type(field, definitions), default, _range(field), help_text))
        for nested in _nested(field, definitions):
            inner = f"{prefix}{name}.{'N.' if field.get('type') == 'array' else ''}"
            rows += parameter_rows({**nested, "$defs": definitions}, inner)
    return rows


def _type(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    if "$ref" in field:
        return _type(definitions[field["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in field:
        return " or ".join(_type(branch, definitions) for branch in field["anyOf"])
    if "enum" in field or "const" in field:
        return " | ".join(str(value) for value in field.get("enum", [field.get("const")]))
    if field.get("type") == "array":
        if "prefixItems" in field:
            return f"[{', '.join(_type(item, definitions) for item in field['prefixItems'])}]"
        return f"list of {_type(field.get('items', {}), definitions)}"
    if field.get("format") == "path":
        return "path"
    words = {"object": "mapping", "string": "text", "boolean": "true or false"}
    kind = str(field.get("type", "any"))
    return words.get(kind, kind)


def _range(field: dict[str, Any]) -> str:
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    parts = [f"{sign} {field[key]:g}" for key, sign in signs.items() if key in field]
    parts += [f"at least {field['minItems']}"] if "minItems" in field and "prefixItems" not in field else []
    return ", ".join(parts) or "; ".join(filter(None, (_range(branch) for branch in field.get("anyOf", ()))))


def _nested(field: dict[str, Any], definitions: dict[str, Any]) -> list[dict[str, Any]]:
    """Definitions of mappings inside a parameter."""
    branches = [field, field.get("items", {}), *field.get("anyOf", ())]
    found = [definitions[branch["$ref"].rpartition("/")[2]] for branch in branches if "$ref" in branch]
    return [definition for definition in found if "properties" in definition]
