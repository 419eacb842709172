"""``runner diff``: what was done differently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli import options


@click.command()
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@options.runs_root
@options.table_format("table", "md", "json")
@options.table_output
def command(first: str, second: str, root: Path, form: str, output: Path | None) -> None:
    """Show what is different between two runs.

    Parameters, code, packages, plugins, data and device: only what is not the same. A and B are paths, beginnings of
    ids, names (the newest run) or @last.
    """
    import json
    from dataclasses import asdict

    from runner.compare import differing
    from runner.report.tables import Column, Table, render
    from runner.run_directory import find

    form = options.format_of(form, output)
    runs = [find(selector, root) for selector in (first, second)]
    found = differing(*runs)
    labels = [f"{record.name} {record.id}" for record in (run.record for run in runs)]
    if form == "json":
        tree = {"runs": [str(run.path) for run in runs], "differences": [asdict(entry) for entry in found]}
        text = json.dumps(tree, indent=2, ensure_ascii=False)
    elif not found:
        text = f"no difference between {labels[0]} and {labels[1]}"
    else:
        columns = (Column(""), Column("what"), *map(Column, labels))
        rows = tuple(
            (
                entry.section if not number or found[number - 1].section != entry.section else "",
                entry.key,
                _value(entry.first),
                _value(entry.second),
            )
            for number, entry in enumerate(found)
        )
        text = render(Table("What differs", columns, rows), form)
    options.deliver(text, output)


def _value(value: Any) -> str:
    import json

    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
