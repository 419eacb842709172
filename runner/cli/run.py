"""``runner run``: train, evaluate and record an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from runner.cli import options
from runner.cli.ending import print_run


@click.command()
@click.argument("file", type=options.experiment_file)
@options.overrides
@click.option("--device", help="auto, cpu, gpu or gpu:N, instead of what the file says.")
@click.option("--dry-run", is_flag=True, help="Check everything and print the resolved experiment; run nothing.")
@options.plugin_files
@options.runs_root
def command(
    file: Path,
    overrides: Sequence[str],
    device: str | None,
    dry_run: bool,
    plugin_files: Sequence[Path],
    root: Path,
) -> None:
    """Train and evaluate an experiment.

    Makes a run folder below RUNS/<name of the experiment>/ and prints its scores and its path.
    Ctrl-C stops after the current block of steps, with a checkpoint; a second one stops at once.
    """
    from runner import config
    from runner.plan import make_plan

    chosen = [*overrides, *([f"device={device}"] if device else [])]
    plan = make_plan(config.read(file, chosen), plugin_files=plugin_files)
    if dry_run:
        click.echo(config.dump(plan.resolved()), nl=False)
        return

    from rich.console import Console

    from runner import launch
    from runner.report.progress import say_on

    console = Console(stderr=True)
    say_on(console)
    directory, scores = launch.run(plan, root, console)
    print_run(directory, scores)
