"""``runner runs``: what has been run."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli import options

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
    from runner.run_directory import all_runs

    rows, records = [], []
    for run in all_runs(root):
        record, state = run.record, run.status
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
