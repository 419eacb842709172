"""``runner run``: train, evaluate and record an experiment."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.ending import print_run, print_seeds

if TYPE_CHECKING:
    from runner.plan import Plan

_MOST_SEEDS = 1000
"""More than that are a slip of the hand."""


@click.command()
@click.argument("file", type=options.experiment_file)
@options.overrides
@click.option("--device", help="auto, cpu, gpu or gpu:N, instead of what the file says.")
@click.option("--seeds", metavar="N|A,B,...", help="One run for each of N seeds from the file's on, or for each named.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Runs at a time.")
@click.option("--dry-run", is_flag=True, help="Check everything and print the resolved experiment; run nothing.")
@options.plugin_files
@options.runs_root
def command(
    file: Path,
    overrides: Sequence[str],
    device: str | None,
    seeds: str | None,
    jobs: int,
    dry_run: bool,
    plugin_files: Sequence[Path],
    root: Path,
) -> None:
    """Train and evaluate an experiment.

    Makes a run folder below RUNS/<name of the experiment>/ and prints its scores and its path.
    Ctrl-C stops after the current block of steps, with a checkpoint; a second one stops at once.
    """
    from runner import config
    from runner.plan import make_plan

    chosen = [*overrides, *([f"device={device}"] if device else [])]
    plan = make_plan(config.read(file, chosen), plugin_files=plugin_files)
    several = _seeds(seeds, plan)
    if several is None and jobs > 1:
        raise click.UsageError("--jobs is for several seeds; name them with --seeds")
    if dry_run:
        click.echo(config.dump(_resolved(plan, several)), nl=False)
        return

    from rich.console import Console

    from runner import launch
    from runner.report.progress import say_on

    console = Console(stderr=True)
    say_on(console)
    if several is None:
        directory, scores = launch.run(plan, root, console)
        print_run(directory, scores)
        return

    from runner.launch.several import exit_code, run_seeds

    arguments = [str(file), "--runs", str(root)]
    arguments += [word for override in chosen for word in ("--set", override)]
    arguments += [word for plugin in plugin_files for word in ("--plugin", str(plugin))]
    ended = run_seeds(several, arguments, plan.experiment.name, root, jobs=jobs)
    print_seeds(ended)
    sys.exit(exit_code(ended))


def _resolved(plan: Plan, several: Sequence[int] | None) -> dict[str, Any]:
    """The resolved experiment, with its seeds where there are several."""
    tree = plan.resolved()
    if several is None:
        return tree
    return {"seeds" if key == "seed" else key: list(several) if key == "seed" else tree[key] for key in tree}


def _seeds(asked: str | None, plan: Plan) -> Sequence[int] | None:
    """The seeds of several runs, or None for one run with the experiment's seed."""
    from runner.errors import ExperimentError

    if asked is None:
        return plan.experiment.seeds
    try:
        numbers = [int(part) for part in asked.rstrip(",").split(",")]
    except ValueError:
        numbers = []
    if "," not in asked and numbers and 0 < numbers[0] <= _MOST_SEEDS:
        first = plan.experiment.seeds[0] if plan.experiment.seeds else plan.experiment.seed
        numbers = list(range(first, first + numbers[0]))
    elif "," not in asked:
        numbers = []
    if not numbers or len(set(numbers)) < len(numbers) or not all(0 <= number < 2**63 for number in numbers):
        raise ExperimentError(f"--seeds {asked}: expected how many, such as 3, or which, each once, such as 1,5,7")
    return numbers
