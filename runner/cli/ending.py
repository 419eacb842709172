"""What the commands that make or continue a run print in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runner.run_directory import RunDirectory, ScoreFile


def print_run(directory: RunDirectory, scores: ScoreFile) -> None:
    """The score table, if anything was measured, and where pictures and run are."""
    from runner.report.tables import render, score_table

    if scores.rows:
        click.echo(render(score_table(scores), "table"))
    click.echo(f"pictures    {directory.figures}")
    click.echo(f"run folder  {directory.path}")
