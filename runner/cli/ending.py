"""What the commands that make or continue a run print in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.launch.several import Ended
    from runner.run_directory import RunDirectory, ScoreFile


def print_run(directory: RunDirectory, scores: ScoreFile) -> None:
    """The scores, if anything was measured, and where report, pictures and run are."""
    if scores.rows:
        print_scores(scores, everything=False)
    click.echo(f"report      {directory.report}")
    click.echo(f"pictures    {directory.figures}")
    click.echo(f"run folder  {directory.path}")


def print_seeds(ended: Sequence[Ended]) -> None:
    """Main scores over the seeds, and how each run ended."""
    from runner.compare import compare
    from runner.report.comparison import compared_scores
    from runner.report.tables import Column, Table, render, with_columns

    finished = [one.directory for one in ended if one.code == 0 and one.directory]
    if any(run.scores.exists() for run in finished):
        comparison = compare(finished, force=True)
        for warning in comparison.warnings:
            click.echo(f"warning: {warning}", err=True)
        table = compared_scores(comparison)
        if table.rows:
            click.echo(render(with_columns(table, drop=("difference", "95 %*", "p", "verdict")), "table"))
    rows = tuple((str(one.seed), _how(one), str(one.directory.path if one.directory else "")) for one in ended)
    click.echo(render(Table("Runs", (Column("seed", "right"), Column("ended"), Column("run folder")), rows), "table"))


def _how(one: Ended) -> str:
    if one.code is None:
        return "not begun"
    status = one.directory.status if one.directory else "failed"
    return status if one.code == 0 else f"{status} (exit code {one.code})"


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
