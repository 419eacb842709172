"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

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
sort = click.option(
    "--sort", metavar="KEY", default="", help="Sort by a key of the experiment, or METRIC/SCORE from the best on."
)
experiment_file = click.Path(path_type=Path)


def table_format(*formats: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--format``, one of the given ones; the first is the default."""
    return click.option("--format", "form", type=click.Choice(formats), default=formats[0], show_default=True)


_SUFFIXES = {".md": "md", ".csv": "csv", ".json": "json", ".tex": "latex", ".html": "html"}


def format_of(form: str, output: Path | None) -> str:
    """The format that a file's suffix asks for where ``--format`` is not given; they must not contradict each other."""
    asked = _SUFFIXES.get(output.suffix.lower()) if output else None
    if output is None or asked is None or asked == form:
        return form
    context = click.get_current_context()
    if context.get_parameter_source("form") is not ParameterSource.DEFAULT:
        raise click.UsageError(f"--format {form} and -o {output} contradict each other; leave one of them out")
    known = next(option.type for option in context.command.params if option.name == "form")
    if asked not in getattr(known, "choices", ()):
        raise click.UsageError(f"-o {output}: {context.info_name} writes no {asked}; say with --format what it writes")
    return asked


def _output(text: str) -> Callable[..., Any]:
    kind = click.Path(path_type=Path, dir_okay=False)
    return click.option("-o", "--output", type=kind, metavar="FILE", help=text)


output = _output("Write to a file, which is there only when it is complete.")
table_output = _output("Write to a file; .md, .csv, .json, .tex or .html says the format.")


def columns(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--columns`` and ``--drop``, which choose columns of a table."""
    keep = click.option(
        "--columns", "--keep", "keep", multiple=True, metavar="GLOB", help="Only these columns; may be repeated."
    )
    drop = click.option("--drop", multiple=True, metavar="GLOB", help="Without these columns; may be repeated.")
    return keep(drop(command))


def deliver(text: str, file: Path | None) -> None:
    """Prints a text, or writes it to a file and prints the file's path; that of a pipe or device would be in the text.

    Raises:
        RunDirectoryError: If the file cannot be written.
    """
    if file is None:
        click.echo(text)
        return
    from runner.run_directory import replace_output

    with replace_output(file) as path:
        path.write_text(f"{text}\n", encoding="utf-8")
    if file.is_file():
        click.echo(file)
