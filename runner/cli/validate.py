"""``runner validate``: everything that can be checked before anything is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from runner.cli import options
from runner.errors import RunnerError


@click.command()
@click.argument("files", type=options.experiment_file, nargs=-1, required=True, metavar="FILE...")
@options.overrides
@options.plugin_files
def command(files: Sequence[Path], overrides: Sequence[str], plugin_files: Sequence[Path]) -> None:
    """Check experiment files without running anything.

    All mistakes of all files are shown, each with its place and what to do.
    """
    from runner import config
    from runner.plan import make_plan

    failures: list[RunnerError] = []
    for file in files:
        try:
            plan = make_plan(config.read(file, overrides), plugin_files=plugin_files)
        except RunnerError as error:
            failures.append(error)
            click.echo(str(error), err=True)
        else:
            networks = ", ".join(f"{role} {choice.name}" for role, choice in plan.networks.items())
            click.echo(f"{file}: valid ({plan.experiment.name}: {plan.dataset.name}, {networks})")
    if failures:
        raise SystemExit(min(failure.exit_code for failure in failures))
