"""``runner compare``: is A better than B?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options

if TYPE_CHECKING:
    from runner.compare import Comparison
    from runner.run_directory import RunDirectory


@click.command()
@click.argument("selectors", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "--baseline",
    metavar="RUN",
    help="Run or group that differences are to, instead of the first: of a glob or filter that of the oldest run.",
)
@click.option("--all", "everything", is_flag=True, help="All scores and all parameters.")
@click.option("--each", is_flag=True, help="Every run by itself, not those that differ in the seed as a group.")
@click.option("--force", is_flag=True, help="Compare although data or versions of metrics differ.")
@options.sort
@options.columns
@options.runs_root
@options.table_format("table", "md", "csv", "json", "latex", "html")
@options.table_output
def command(
    selectors: Sequence[str],
    baseline: str | None,
    everything: bool,
    each: bool,
    force: bool,
    sort: str,
    keep: Sequence[str],
    drop: Sequence[str],
    root: Path,
    form: str,
    output: Path | None,
) -> None:
    """Set runs side by side, with differences to the first.

    RUN is a path, the beginning of an id, a name or a glob of names (all runs with scores), @last, or a filter such as
    'networks.generator.name=physgan_upsampling and training.steps>=1000'. Runs that differ only in the seed are one
    group. With three seeds or more in both groups a difference has a p-value.
    """
    from dataclasses import replace

    form = options.format_of(form, output)
    if form in ("json", "html") and (keep or drop):
        raise click.UsageError(f"--columns and --drop choose columns of a table; {form} always has everything")
    from runner.compare import choose, compare

    runs, left_out = choose(selectors, root)
    against = _runs_of(baseline, runs, root) if baseline else ()
    found = compare(runs, baseline=against, sort=sort, everything=everything, each=each, force=force)
    comparison = replace(found, warnings=(*left_out, *found.warnings))
    for warning in comparison.warnings:
        click.echo(f"warning: {warning}", err=True)
    if form == "html":
        from runner.report.html import comparison_page

        options.deliver(comparison_page(comparison, runs, output.parent if output else None), output)
    else:
        options.deliver(_text(comparison, form, keep, drop, on_screen=output is None), output)


def _runs_of(baseline: str, runs: Sequence[RunDirectory], root: Path) -> Sequence[RunDirectory]:
    """The runs that are meant; a group's label with an id names its run."""
    from runner.compare import choose

    labelled = [run for run in runs if baseline == f"{run.record.name} {run.record.id}"]
    chosen = labelled or choose([baseline], root)[0]
    compared = set(runs)
    return [run for run in chosen if run in compared] or chosen


def _text(comparison: Comparison, form: str, keep: Sequence[str], drop: Sequence[str], *, on_screen: bool) -> str:
    from runner.report import comparison as tables
    from runner.report.tables import fitted, render, with_columns

    if form == "json":
        return tables.comparison_json(comparison)
    if form == "csv":
        return render(with_columns(tables.number_table(comparison), keep, drop), form)
    scores = with_columns(tables.compared_scores(comparison), keep, drop)
    if form == "latex" and not keep:
        scores = tables.folded(scores)
    found = [tables.group_table(comparison), scores, tables.parameter_table(comparison)]
    if form == "table" and on_screen:
        found = [fitted(table, () if keep else ("good", "unit")) for table in found]
    titles = [f"**{table.title}**\n\n" if form == "md" else "" for table in found]
    return "\n\n".join(title + render(table, form) for title, table in zip(titles, found, strict=True) if table.rows)
