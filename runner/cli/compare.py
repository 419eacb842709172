"""``runner compare``: runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.cli import options

if TYPE_CHECKING:
    from runner.compare import Cell, Comparison
    from runner.report.tables import Table


@click.command()
@click.argument("selectors", nargs=-1, required=True, metavar="RUN...")
@click.option("--all", "everything", is_flag=True, help="Also figures that are neither good nor bad.")
@click.option("--force", is_flag=True, help="Compare although data or versions of metrics differ.")
@options.runs_root
@options.table_format("table", "md", "csv", "json", "latex")
def command(selectors: Sequence[str], everything: bool, force: bool, root: Path, form: str) -> None:
    """Set the scores of runs side by side.

    RUN is a path, the beginning of an id, a name (its newest run), or @last. Differences are to the first run; their
    errors take the runs as independent. The best value of each score is marked with *. Of the parameters, only those
    that differ are shown.
    """
    from runner.compare import compare
    from runner.report.tables import render
    from runner.run_directory import find

    runs = [find(selector, root) for selector in selectors]
    comparison = compare(runs, everything=everything, force=force)
    for warning in comparison.warnings:
        click.echo(f"warning: {warning}", err=True)
    if form == "json":
        import json

        click.echo(json.dumps(_record(comparison), indent=2, ensure_ascii=False))
        return
    click.echo(render(_scores(comparison), form))
    if comparison.parameters and form != "csv":
        click.echo(render(_parameters(comparison), form))


def _scores(comparison: Comparison) -> Table:
    from runner.report.tables import DIRECTIONS, Column, Table

    columns = [Column("score"), Column("unit"), Column("good")]
    for number, label in enumerate(comparison.labels):
        columns.append(Column(label, "right"))
        if number:
            columns.append(Column("- first", "right"))
    rows = []
    for score in comparison.scores:
        row = [f"{score.metric}/{score.score}", score.unit, DIRECTIONS[score.better]]
        for number, cell in enumerate(score.cells):
            row.append(_value(cell))
            if number:
                row.append(_difference(cell))
        rows.append(tuple(row))
    return Table("Scores", tuple(columns), tuple(rows), ())


def _value(cell: Cell | None) -> str:
    from runner.report.tables import uncertain

    if cell is None:
        return ""
    return f"{uncertain(cell.value, cell.error)}{' *' if cell.best else ''}"


def _difference(cell: Cell | None) -> str:
    from runner.report.tables import uncertain

    if cell is None or cell.difference is None:
        return ""
    return uncertain(cell.difference, cell.difference_error)


def _parameters(comparison: Comparison) -> Table:
    import json

    from runner.report.tables import Column, Table

    columns = (Column("parameter"), *(Column(label) for label in comparison.labels))
    rows = tuple(
        (changed.key, *("" if value is None else json.dumps(value, ensure_ascii=False) for value in changed.values))
        for changed in comparison.parameters
    )
    return Table("Parameters that differ", columns, rows, ())


def _record(comparison: Comparison) -> dict[str, Any]:
    """The comparison for ``--format json``; what is undefined is null."""
    import math

    def number(value: float | None) -> float | None:
        return None if value is None or not math.isfinite(value) else value

    def cell(run: str, found: Cell | None) -> dict[str, Any]:
        if found is None:
            return {"run": run, "value": None}
        return {
            "run": run,
            "value": number(found.value),
            "error": number(found.error),
            "difference": number(found.difference),
            "difference_error": number(found.difference_error),
            "best": found.best,
        }

    return {
        "runs": list(comparison.labels),
        "scores": [
            {
                "metric": score.metric,
                "score": score.score,
                "unit": score.unit,
                "better": score.better,
                "headline": score.headline,
                "values": [cell(run, found) for run, found in zip(comparison.labels, score.cells, strict=True)],
            }
            for score in comparison.scores
        ],
        "parameters": {changed.key: list(changed.values) for changed in comparison.parameters},
        "warnings": list(comparison.warnings),
    }
