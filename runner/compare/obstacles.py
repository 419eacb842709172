"""What stands in the way of a comparison, and what limits it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from runner.compare.code import changes, revision
from runner.compare.grouping import ScoredRun
from runner.run_directory import ScoreRow

_MOST_NAMED = 3
"""How many runs are named for each value."""


def obstacles(runs: Sequence[ScoredRun]) -> Iterator[str]:
    """Why scores cannot be set side by side at all: other real events, or metrics of other versions."""
    digests = ((run, f"digest {run.scores.data_digest[:12]}") for run in runs)
    yield from _different("they were scored on different test events", digests)
    versions: dict[str, list[tuple[ScoredRun, str]]] = {}
    for run in runs:
        for metric, version in {row.metric: row.version for row in run.scores.rows}.items():
            versions.setdefault(metric, []).append((run, f"version {version}"))
    for metric, found in versions.items():
        yield from _different(f"the metric {metric} is not the same", found)


def limits(runs: Sequence[ScoredRun]) -> Iterator[str]:
    """What a reader has to know: other code, numbers of events, arithmetic or devices."""
    yield from _different("the code differs", ((run, _code(run)) for run in runs))
    plugins: dict[str, list[tuple[ScoredRun, str]]] = {}
    for run in runs:
        for plugin in run.record.plugins:
            plugins.setdefault(plugin.name, []).append((run, f"digest {plugin.digest[:12]}"))
    for name, found in plugins.items():
        yield from _different(f"the plugin {name} differs", found)
    events = ((run, str(max((row.events for row in run.scores.rows), default=0))) for run in runs)
    yield from _different("the numbers of generated events differ", events)
    yield from _floors(runs)
    precisions = ((run, str(run.parameters.get("training.precision", "float32"))) for run in runs)
    yield from _different("the precision differs", precisions)
    yield from _different("the device differs", ((run, run.record.device.name or "unknown") for run in runs))


def _floors(runs: Sequence[ScoredRun]) -> Iterator[str]:
    rows: dict[str, list[ScoreRow]] = {}
    for run in runs:
        for row in run.scores.rows:
            rows.setdefault(f"{row.metric}/{row.score}", []).append(row)
    differ = [key for key, found in rows.items() if len(floors_of(found)) > 1]
    if differ:
        yield f"the floors differ, and are not shown, of {named(differ)}; z is over the floor of each run"


def floors_of(rows: Iterable[ScoreRow]) -> list[tuple[float, float | None]]:
    """Floors and their standard deviations, each once; more than one where numbers of events or halvings differ."""
    found = {f"{row.floor:.9g} {row.floor_sd}": (row.floor, row.floor_sd) for row in rows if row.floor is not None}
    return list(found.values())


def _code(run: ScoredRun) -> str:
    changed = changes(run.directory, run.record)
    return f"revision {revision(run.record)}{f' with {changed}' if changed else ''}"


def _different(what: str, values: Iterable[tuple[ScoredRun, str]]) -> Iterator[str]:
    """One line that says which value is that of which run, where they are not all the same."""
    runs: dict[str, list[str]] = {}
    for run, value in values:
        runs.setdefault(value, []).append(run.label)
    if len(runs) < 2:
        return
    told = [f"{value} in {named(labels)}" for value, labels in list(runs.items())[:_MOST_NAMED]]
    if len(runs) > _MOST_NAMED:
        told.append(f"{len(runs) - _MOST_NAMED} further values")
    yield f"{what}: {'; '.join(told)}"


def named(labels: Sequence[str]) -> str:
    """The first few of some labels, and how many more there are."""
    further = len(labels) - _MOST_NAMED
    return ", ".join(labels[:_MOST_NAMED]) + (f" and {further} more" if further > 0 else "")
