"""``runner import``: a run made of a network that was trained elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import click

from runner.cli import options
from runner.cli.ending import print_run

ROLE, ARCHITECTURE = "generator", "keras_generator"
"""The network that a file takes the place of, and the component that reads it."""


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--experiment",
    "file",
    type=options.experiment_file,
    required=True,
    help="Data, transform and metrics to judge it by.",
)
@click.option("--name", help="Name of the run; that of the file by default.")
@options.overrides
@click.option("--device", help="auto, cpu, gpu or gpu:N, instead of what the file says.")
@options.plugin_files
@options.runs_root
def command(
    model: Path,
    file: Path,
    name: str | None,
    overrides: Sequence[str],
    device: str | None,
    plugin_files: Sequence[Path],
    root: Path,
) -> None:
    """Make a run of a saved Keras model, so that it can be judged and used like any other.

    MODEL is a Keras HDF5 file (Keras 2 or 3). Nothing in it is executed. The run has the experiment's data and metrics,
    no training, and a copy of the file.
    """
    from rich.console import Console

    from runner import config, launch
    from runner.errors import DataError
    from runner.plan import make_plan
    from runner.report.progress import say_on

    if not model.is_file():
        raise DataError(f"{model}: {'is a folder, not an HDF5 file' if model.is_dir() else 'no such file'}")
    network = {"name": ARCHITECTURE, "path": str(model.resolve())}
    chosen = [
        f"networks.{ROLE}={json.dumps(network)}",
        f"name={json.dumps(_name(model))}",
        *overrides,
        *([f"name={json.dumps(name)}"] if name else []),
        *([f"device={device}"] if device else []),
    ]
    console = Console(stderr=True)
    say_on(console)
    plan = make_plan(config.read(file, chosen), plugin_files=plugin_files)
    directory, scores = launch.import_model(plan, root, model, console)
    print_run(directory, scores)


def _name(model: Path) -> str:
    """The file's name as the name of a run: letters, digits, '.', '_' and '-'."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", model.stem).lstrip("._-")[:100] or "imported"
