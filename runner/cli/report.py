"""``runner report``: the page of a run, or of several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options

if TYPE_CHECKING:
    from runner.run_directory import RunDirectory


@click.command()
@click.argument("selectors", nargs=-1, required=True, metavar="RUN...")
@click.option("--figures", "with_figures", is_flag=True, help="Also every figure of each run as PNG and PDF.")
@click.option(
    "--style",
    type=click.Choice(("plain", "mplhep")),
    default="plain",
    show_default=True,
    help="Look of the figures; mplhep is an optional package.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the page of several runs is written.  [default: comparison.html]",
)
@click.option("--force", is_flag=True, help="Compare although data or versions of metrics differ.")
@options.runs_root
def command(
    selectors: Sequence[str], with_figures: bool, style: str, output: Path | None, force: bool, root: Path
) -> None:
    """Write the page of a run, or of several side by side.

    RUN is a path, the beginning of an id, a name (its newest run), or @last. Of one run, report.html in its folder is
    written again, from the files there; of several, one page that compares them.
    """
    from runner.report import figures
    from runner.report.html import write_report
    from runner.run_directory import find

    runs = [find(selector, root) for selector in selectors]
    if output and len(runs) == 1:
        raise click.UsageError("--output is for the page of several runs; that of one is report.html in its folder")
    with figures.style(style):
        if len(runs) == 1:
            with runs[0].lock():
                click.echo(write_report(runs[0]))
        else:
            click.echo(_write_comparison(runs, output or Path("comparison.html"), force))
        if with_figures:
            for run in runs:
                with run.lock():
                    figures.write_figure_files(run, forms=("png", "pdf"))
                click.echo(run.figures)


def _write_comparison(runs: Sequence[RunDirectory], path: Path, force: bool) -> Path:
    from runner.compare import compare
    from runner.report.html import comparison_page
    from runner.run_directory import write_atomic

    comparison = compare(runs, everything=True, force=force)
    for warning in comparison.warnings:
        click.echo(f"warning: {warning}", err=True)
    write_atomic(path, comparison_page(comparison, runs, path.parent))
    return path
