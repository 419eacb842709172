"""``runner runs``: what has been run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options

if TYPE_CHECKING:
    from runner.run_directory import RunDirectory

STATUSES = ("running", "finished", "failed", "diverged", "interrupted")


@click.command()
@click.option("--name", help="Only runs whose name matches, e.g. 'physgan-*'.")
@click.option("--status", type=click.Choice(STATUSES), help="Only runs of this status.")
@options.runs_root
@options.table_format("table", "md", "csv", "json", "latex")
def command(name: str | None, status: str | None, root: Path, form: str) -> None:
    """List runs, newest first.

    The score shown is the main one of the first metric.
    """
    from fnmatch import fnmatch

    from runner.report.tables import Column, Table, render
    from runner.run_directory import all_runs, status_of

    rows, records = [], []
    for run in all_runs(root):
        record = run.record
        state = status_of(record)
        if (name and not fnmatch(record.name, name)) or (status and state != status):
            continue
        main = _main_score(run)
        rows.append((record.id, record.name, state, record.created, str(record.steps), main[0]))
        records.append(
            {
                "id": record.id,
                "name": record.name,
                "status": state,
                "created": record.created,
                "steps": record.steps,
                "path": str(run.path),
                "score": main[1],
            }
        )
    columns = tuple(Column(column) for column in ("id", "name", "status", "created", "steps", "score"))
    click.echo(render(Table(f"Runs in {root}", columns, tuple(rows), tuple(records)), form))


def _main_score(run: RunDirectory) -> tuple[str, dict[str, object] | None]:
    """The first headline score, as text and as a record."""
    from dataclasses import asdict

    from runner.errors import RunDirectoryError
    from runner.report.tables import uncertain
    from runner.run_directory import read_headline

    try:
        row = read_headline(run)
    except RunDirectoryError as error:
        return f"unreadable: {error}", None
    if row is None:
        return "", None
    return f"{row.score} {uncertain(row.value, row.error)}", asdict(row)
