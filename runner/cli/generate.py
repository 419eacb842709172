"""``runner generate``: responses of a trained model, as a file."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

import click

from runner.cli import options


@click.command()
@click.argument("run")
@click.option("-n", "--events", type=click.IntRange(min=1), help="Number of responses; with --conditions, its rows.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="File; .csv, .dat or .h5 is its format."
)
@click.option(
    "--set-condition",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Fix a condition, or draw it uniformly from NAME=LOW:HIGH; may be given several times.",
)
@click.option("--conditions", "table", type=click.Path(path_type=Path), help="CSV file with a row for each response.")
@click.option("--seed", type=click.IntRange(min=0, max=2**63 - 1), help="Seed, instead of the run's own.")
@click.option(
    "--first-event", type=click.IntRange(min=0, max=2**53), default=0, show_default=True, help="First event number."
)
@click.option("--device", default="auto", show_default=True, help="Where responses are generated.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@options.plugin_files
@options.runs_root
def command(
    run: str,
    events: int | None,
    output: Path,
    settings: Sequence[str],
    table: Path | None,
    seed: int | None,
    first_event: int,
    device: str,
    force: bool,
    plugin_files: Sequence[Path],
    root: Path,
) -> None:
    """Write responses of a trained model to a file.

    RUN is a path, the beginning of an id, a name (its newest run), or @last. Amplitudes are in physical units, cut at
    the detection threshold. Conditions that are not set are those of the run's test events, drawn at random.
    """
    from rich.console import Console

    from runner import launch
    from runner.launch.conditions import Setting
    from runner.launch.generate import GenerateRequest
    from runner.report.progress import say_on
    from runner.run_directory import find

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is half written goes away, as with Ctrl-C
    console = Console(stderr=True)
    say_on(console)
    request = GenerateRequest(
        output=output,
        events=events,
        settings=tuple(Setting.parse(text) for text in settings),
        table=table,
        seed=seed,
        first_event=first_event,
        force=force,
        device=device,
        plugin_files=tuple(plugin_files),
    )
    for note in launch.generate(find(run, root), request, console):
        click.echo(note, err=True)
    click.echo(output)
