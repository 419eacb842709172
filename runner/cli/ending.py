"""What the commands that make or continue a run print in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runner.run_directory import RunDirectory, ScoreFile


def print_run(directory: RunDirectory, scores: ScoreFile) -> None:
    """The scores, if anything was measured, and where report, pictures and run are."""
    if scores.rows:
        print_scores(scores, everything=False)
    click.echo(f"report      {directory.report}")
    click.echo(f"pictures    {directory.figures}")
    click.echo(f"run folder  {directory.path}")


def print_scores(scores: ScoreFile, *, everything: bool) -> None:
    """Tables of the scores, of the references, and of the faults that can be seen.

    Args:
        scores: The scores of a run.
        everything: Whether all scores are shown, or the main one of each metric.
    """
    from runner.report.tables import reference_table, render, score_table, sensitivity_table

    click.echo(render(score_table(scores, everything=everything), "table"))
    if scores.references:
        click.echo(render(reference_table(scores), "table"))
    if scores.sensitivity:
        click.echo(render(sensitivity_table(scores), "table"))
