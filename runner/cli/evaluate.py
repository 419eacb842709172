"""``runner evaluate``: score a run again, from its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from runner.cli import options
from runner.cli.ending import print_scores


@click.command()
@click.argument("run")
@click.option("--metrics", help="Names of metrics, separated by commas, instead of the run's own.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Another file for the run's data set (its 'path'); the test part of it is used.",
)
@click.option("--events", type=click.IntRange(min=2), help="Number of responses to generate.")
@click.option("--device", default="auto", show_default=True, help="Where responses are generated.")
@click.option("--all", "everything", is_flag=True, help="All scores, not the main one of each metric.")
@options.plugin_files
@options.runs_root
@options.table_format("table", "md", "csv", "json", "latex")
def command(
    run: str,
    metrics: str | None,
    data: Path | None,
    events: int | None,
    device: str,
    everything: bool,
    plugin_files: Sequence[Path],
    root: Path,
    form: str,
) -> None:
    """Score a run again, from its folder.

    RUN is a path, the beginning of an id, a name (its newest run), or @last. New scores and figures replace the
    run's; responses are generated anew only where the saved ones are not what is asked for.
    """
    from rich.console import Console

    from runner import launch
    from runner.launch.evaluate import Request
    from runner.report.progress import say_on
    from runner.report.tables import render, score_table
    from runner.run_directory import find

    console = Console(stderr=True)
    say_on(console)
    names = tuple(name.strip() for name in (metrics or "").split(",") if name.strip())
    if metrics is not None and not names:
        raise click.BadParameter("names no metric", param_hint="--metrics")
    request = Request(names, data, events, tuple(plugin_files), device)
    scores = launch.evaluate_run(find(run, root), request, console)
    if form == "table":
        print_scores(scores, everything=everything)
    else:
        click.echo(render(score_table(scores, everything=everything), form))
