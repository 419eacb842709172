"""``runner schema``: what an editor needs to complete and check experiment files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from runner.cli import options


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file instead.")
@options.plugin_files
def command(output: Path | None, plugin_files: Sequence[Path]) -> None:
    """Print the JSON Schema of experiment files.

    It covers the parameters of all plugins. An editor uses it through a first line such as
    "# yaml-language-server: $schema=experiment.schema.json".
    """
    import json

    from runner.plugin_manager import load_plugins
    from runner.run_directory import make_folder, replace_output
    from runner.schema import experiment_schema

    text = json.dumps(experiment_schema(load_plugins(files=plugin_files).registry), indent=1, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        make_folder(output.parent)
        with replace_output(output) as file:
            file.write_text(text, encoding="utf-8")
