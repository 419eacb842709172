"""Responses of a run's model, written to a file of any size."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.progress import track

from runner.api import DataInfo, Sample, Writer
from runner.errors import DataError, ExperimentError, Problem, RunDirectoryError
from runner.launch.conditions import RangeCheck, Setting, Values, check_settings, count_rows, drawn, from_csv
from runner.launch.restoring import restore
from runner.plan import Plan, plan_run
from runner.plugin_manager import Plugins
from runner.run_directory import RunDirectory, make_folder, read_sample, replace_output

if TYPE_CHECKING:
    from rich.console import Console

log = logging.getLogger("runner")

LARGEST_EVENT = 2**53 - 1
"""Text files are read into numbers that know no larger integers."""


@dataclass(frozen=True)
class GenerateRequest:
    """What is to be generated.

    Attributes:
        output: The file; its suffix chooses the format.
        events: Number of responses; None for as many as `table` has rows.
        settings: Conditions that are set; the others are those of the run's test events.
        table: CSV file with the conditions of each event.
        seed: None for the run's own.
        first_event: Number of the first event.
        force: Whether an existing file is replaced.
        device: Where responses are generated.
        plugin_files: Python files with further plugins.
    """

    output: Path
    events: int | None = None
    settings: tuple[Setting, ...] = ()
    table: Path | None = None
    seed: int | None = None
    first_event: int = 0
    force: bool = False
    device: str = "auto"
    plugin_files: tuple[Path, ...] = ()


def generate(directory: RunDirectory, request: GenerateRequest, console: Console) -> tuple[str, ...]:
    """Generates responses and writes them, a thousand at a time.

    Args:
        directory: A run with trained networks.
        request: What is wanted.
        console: Where progress is shown.

    Returns:
        What the reader of the file has to know.

    Raises:
        ExperimentError: If the request does not fit the run.
        DataError: From the table of conditions, or where the format cannot hold the responses.
        RunDirectoryError: If the run has no trained networks, or the file cannot be written.
    """
    without = ("evaluation.metrics=[]", "training.keep_best=null", "callbacks=[]")  # not needed here
    plan = plan_run(directory, without, request.plugin_files)
    writer = _writer(plan.plugins, request.output)
    if request.output.is_dir():
        raise RunDirectoryError(f"{request.output}: is a folder; name a file")
    if request.output.exists() and not request.force:
        raise RunDirectoryError(f"{request.output}: is already there; choose another name, or replace it with --force")
    check_settings(request.settings, plan.data)
    events = _events(request, plan.data)
    if request.first_event + events - 1 > LARGEST_EVENT:
        raise ExperimentError([Problem("--first-event", "", f"event numbers go up to {LARGEST_EVENT}")])
    seed = plan.experiment.seed if request.seed is None else request.seed
    sampler = restore(plan, directory, request.device, seed).sampler
    check = RangeCheck(plan.data)
    samples = sampler.chunks(check.watch(_conditions(plan, directory, request, events, seed)))
    make_folder(request.output.parent)
    with replace_output(request.output) as temporary:
        numbered = _numbered(_finite(samples), request.first_event)
        notes = writer.write(temporary, plan.data, events, _shown(numbered, events, console))
    return (*check.notes(), *notes)


def _writer(plugins: Plugins, output: Path) -> Writer:
    """The writer of a file's format."""
    writers = [entry.component for entry in plugins.registry.all("writer") if isinstance(entry.component, Writer)]
    found = [writer for writer in writers if writer.suffix == output.suffix.lower()]
    if len(found) != 1:
        known = ", ".join(sorted({writer.suffix for writer in writers}))
        message = f"{output}: {'no' if not found else 'more than one'} format has the suffix {output.suffix!r}"
        raise ExperimentError([Problem("--output", "", message, f"known: {known}")])
    return found[0]


def _events(request: GenerateRequest, info: DataInfo) -> int:
    if request.table is None:
        if request.events is None:
            raise ExperimentError([Problem("", "", "how many responses? say it with -n, or with --conditions FILE")])
        return request.events
    if request.settings:
        message = "conditions come from --conditions or from --set-condition, not from both"
        raise ExperimentError([Problem("", "", message)])
    rows = count_rows(request.table, info)
    if request.events is not None and request.events > rows:
        raise DataError(f"{request.table}: has {rows} rows, but {request.events} responses are asked for")
    if rows < 1:
        raise DataError(f"{request.table}: has no row below its header")
    return request.events or rows


def _conditions(
    plan: Plan, directory: RunDirectory, request: GenerateRequest, events: int, seed: int
) -> Iterator[Values]:
    from runner.backend.sampling import CHUNK

    if request.table is not None:
        return from_csv(request.table, plan.data, events, CHUNK)
    return drawn(read_sample(directory.samples / "real.h5"), request.settings, events, seed, CHUNK)


def _finite(samples: Iterator[Sample]) -> Iterator[Sample]:
    for sample in samples:
        wrong = ~np.isfinite(sample.responses).all(axis=tuple(range(1, sample.responses.ndim)))
        if wrong.any():
            place = int(np.flatnonzero(wrong)[0])
            told = zip(sample.info.conditions, sample.conditions[place], strict=True)
            where = ", ".join(f"{condition.name} {value:g} {condition.unit}".rstrip() for condition, value in told)
            raise DataError(
                f"response {sample.event_ids[place]} is not finite{f' (at {where})' if where else ''}: the networks do "
                "not know such conditions, or have not been trained enough"
            )
        yield sample


def _numbered(samples: Iterator[Sample], first: int) -> Iterator[Sample]:
    for sample in samples:
        yield replace(sample, event_ids=sample.event_ids + first)


def _shown(samples: Iterator[Sample], events: int, console: Console) -> Iterable[Sample]:
    """The samples, with a bar on a terminal."""
    if not console.is_terminal:
        return samples
    from runner.backend.sampling import CHUNK

    return track(samples, "generating", total=-(-events // CHUNK), console=console, transient=True)
