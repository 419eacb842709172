"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

runs_root = click.option(
    "--runs",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="RUNNER_RUNS",
    default="runs",
    show_default=True,
    show_envvar=True,
    help="Folder that holds the runs.",
)
plugin_files = click.option(
    "--plugin",
    "plugin_files",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Python file with a plugin; may be given several times.",
)
overrides = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a key, e.g. training.steps=100; may be given several times.",
)
experiment_file = click.Path(path_type=Path)


def table_format(*formats: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--format``, one of the given ones; the first is the default."""
    return click.option("--format", "form", type=click.Choice(formats), default=formats[0], show_default=True)
