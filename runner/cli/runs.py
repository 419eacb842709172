"""``runner runs``: what has been run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options

if TYPE_CHECKING:
    from runner.run_directory import RunDirectory

STATUSES = ("running", "finished", "failed", "diverged", "interrupted")


@click.command()
@click.argument("selectors", nargs=-1, metavar="[RUN]...")
@click.option("--name", help="Only runs whose name matches, e.g. 'physgan-*'.")
@click.option("--status", type=click.Choice(STATUSES), help="Only runs of this status.")
@options.sort
@options.columns
@options.runs_root
@options.table_format("table", "md", "csv", "json", "latex")
@options.table_output
def command(
    selectors: Sequence[str],
    name: str | None,
    status: str | None,
    sort: str,
    keep: Sequence[str],
    drop: Sequence[str],
    root: Path,
    form: str,
    output: Path | None,
) -> None:
    """List runs, newest first.

    RUN is a path, the beginning of an id, a name or a glob of names, @last, or a filter such as
    'seed=3 and status=finished'. The score shown is the main one of the first metric.
    """
    from fnmatch import fnmatch

    from runner.report.tables import Column, Table, render, with_columns
    from runner.run_directory import status_of

    form = options.format_of(form, output)
    rows, records = [], []
    for run in _chosen(selectors, root, sort):
        record = run.record
        state = status_of(record)
        if (name and not fnmatch(record.name, name)) or (status and state != status):
            continue
        main = _main_score(run)
        rows.append((record.id, record.name, str(record.seed), state, record.created, str(record.steps), main[0]))
        records.append(
            {
                "id": record.id,
                "name": record.name,
                "seed": record.seed,
                "status": state,
                "created": record.created,
                "steps": record.steps,
                "path": str(run.path),
                "score": main[1],
            }
        )
    columns = tuple(Column(column) for column in ("id", "name", "seed", "status", "created", "steps", "score"))
    table = Table(f"Runs in {root}", columns, tuple(rows), tuple(records))
    options.deliver(render(with_columns(table, keep, drop), form), output)


def _chosen(selectors: Sequence[str], root: Path, sort: str) -> list[RunDirectory]:
    """The runs that are meant, newest first or by a key."""
    from runner.run_directory import Described, all_runs, check_key, select

    if selectors:
        found = {run for selector in selectors for run in select(selector, root)}
        runs = sorted(found, key=lambda run: run.record.created, reverse=True)
    else:
        runs = all_runs(root)
    if not sort:
        return runs
    described = [Described(run) for run in runs]
    check_key(sort, described)
    return [one.run for one in sorted(described, key=lambda one: one.rank(sort))]


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
