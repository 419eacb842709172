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
@click.option(
    "--figures",
    "with_figures",
    is_flag=True,
    help="Also every figure as PNG and PDF: of each run in its folder, of several in figures beside the page.",
)
@click.option(
    "--style",
    "look",
    type=click.Choice(("plain", "mplhep")),
    default="plain",
    show_default=True,
    help="Look of the figures; mplhep is an optional package.",
)
@click.option("--force", is_flag=True, help="Compare although data or versions of metrics differ.")
@options.runs_root
@options.output
def command(
    selectors: Sequence[str], with_figures: bool, look: str, force: bool, root: Path, output: Path | None
) -> None:
    """Write the page of a run, or of several side by side.

    RUN is a path, the beginning of an id, a name (its newest run), or @last. Of one run, report.html in its folder is
    written again, from the files there. Of several, of a glob of names or of a filter, chosen as by `compare`, one page
    that compares them is written to --output, comparison.html by default.
    """
    from runner.compare import choose
    from runner.report.figures import style
    from runner.run_directory import is_pattern

    one = len(selectors) == 1 and not is_pattern(selectors[0], root)
    if output and one:
        raise click.UsageError("--output is for the page of several runs; that of one is report.html in its folder")
    with style(look):
        if one:
            runs = [_find(selectors[0], root)]
            click.echo(_write_report(runs[0]))
        else:
            runs, left_out = choose(selectors, root)
            _write_comparison(runs, left_out, output or Path("comparison.html"), force, with_figures)
        for run in runs if with_figures else ():
            click.echo(_write_figures(run))


def _find(selector: str, root: Path) -> RunDirectory:
    """The run that is meant, with a word on the others of its name."""
    from runner.run_directory import find, folders_of

    run = find(selector, root)
    if (number := len(folders_of(selector, root))) > 1:
        click.echo(f"the newest of {number} runs of {selector}; 'runner compare {selector}' shows all", err=True)
    return run


def _write_report(run: RunDirectory) -> Path:
    from runner.report.html import write_report

    with run.lock():
        return write_report(run)


def _write_comparison(
    runs: Sequence[RunDirectory], left_out: Sequence[str], path: Path, force: bool, with_figures: bool
) -> None:
    """The page, and the folder of its figures where they are asked for."""
    from dataclasses import replace

    from runner.compare import compare
    from runner.report.drawings import drawings, write_drawings
    from runner.report.html import comparison_page

    found = compare(runs, everything=True, force=force)
    comparison = replace(found, warnings=(*left_out, *found.warnings))
    for warning in comparison.warnings:
        click.echo(f"warning: {warning}", err=True)
    options.deliver(comparison_page(comparison, runs, path.parent), path)
    if with_figures:
        click.echo(write_drawings(drawings(comparison, runs), path.parent / "figures"))


def _write_figures(run: RunDirectory) -> Path:
    from runner.report.drawings import without_data
    from runner.report.figures.files import write_figure_files

    if missing := without_data(run):
        click.echo(f"warning: {missing}", err=True)
    with run.lock():
        write_figure_files(run, forms=("png", "pdf"))
    return run.figures
