"""``runner resume``: go on with a run that was interrupted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from runner.cli import options
from runner.cli.ending import print_run


@click.command()
@click.argument("run")
@options.overrides
@click.option("--device", help="auto, cpu, gpu or gpu:N, instead of what the run used.")
@click.option("--force", is_flag=True, help="Change parameters that make it another training, and record that.")
@options.plugin_files
@options.runs_root
def command(
    run: str,
    overrides: Sequence[str],
    device: str | None,
    force: bool,
    plugin_files: Sequence[Path],
    root: Path,
) -> None:
    """Go on with a run that was interrupted, from its newest checkpoint.

    RUN is a path, the beginning of an id, a name (its newest run), or @last. A run that has finished goes on if it is
    given more steps, with --set training.steps=N.
    """
    from rich.console import Console

    from runner import launch
    from runner.launch.resume import ResumeRequest
    from runner.report.progress import say_on
    from runner.run_directory import find

    console = Console(stderr=True)
    say_on(console)
    directory = find(run, root)
    chosen = (*overrides, *([f"device={device}"] if device else []))
    scores = launch.resume(directory, ResumeRequest(chosen, force, tuple(plugin_files)), console)
    print_run(directory, scores)
