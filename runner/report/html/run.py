"""``report.html`` of one run: everything its folder holds, on one page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from runner.errors import RunnerError
from runner.report.html.page import rendered
from runner.report.html.pictures import Album, Picture
from runner.report.judgement import Bar, bar, direction, distance, summary, verdict
from runner.report.tables import Table, reference_table, sensitivity_table, uncertain
from runner.run_directory import (
    RunDirectory,
    RunRecord,
    ScoreFile,
    ScoreRow,
    failure,
    read_history,
    read_scores,
    read_validation,
    status_of,
)

if TYPE_CHECKING:
    from runner.api import Figure

T = TypeVar("T")

_LONGEST_TEXT = 200_000
"""Characters of a file that are shown."""

_REFERENCES = {
    "shuffled_conditions": "A metric that finds shuffled conditions at the floor does not look at the conditions.",
    "nearest_condition": "One that finds the response of the nearest training event at the floor does not see copying.",
}

_ADVICE = {
    "running": "It is still running.",
    "interrupted": "It was interrupted; runner resume goes on with it.",
    "failed": "It failed.",
    "diverged": "Its training diverged.",
}


@dataclass(frozen=True)
class ScoreLine:
    """A row of the score table.

    Attributes:
        row: The score.
        value: With its error.
        floor: With its standard deviation, or "".
        excess: Over the floor, or "".
        distance: Standard deviations of the floor to the worse, or None.
        bar: The same as a bar, or None.
        verdict: The same in words, or "".
        direction: Which way it is good.
    """

    row: ScoreRow
    value: str
    floor: str
    excess: str
    distance: float | None
    bar: Bar | None
    verdict: str
    direction: str


@dataclass(frozen=True)
class MetricPart:
    """What is shown of one metric.

    Attributes:
        name: The metric.
        question: What it asks; "" where its plugin is not installed.
        notes: What a reader has to know.
        pictures: Its figures.
    """

    name: str
    question: str
    notes: tuple[str, ...]
    pictures: tuple[Picture, ...]


def run_page(run: RunDirectory, record: RunRecord | None = None) -> str:
    """The page of a run, from the files of its folder alone; what is missing or broken is said in its place.

    The same files give the same page.

    Args:
        run: The run; of any version, in any state.
        record: What its ``run.json`` is about to say; None for what it says.

    Raises:
        RunDirectoryError: If ``run.json`` cannot be read.
    """
    if record is None:
        record = run.record
        record = replace(record, status=status_of(record))
    missing = _Missing(run)
    album = Album()
    scores = missing.unless(lambda: read_scores(run), "scores.json")
    if scores is None and not missing.lines:
        missing.lines.append(f"No scores. {_ADVICE.get(record.status, 'runner evaluate scores it.')}")
    responses = _responses(run, album, missing)
    return rendered(
        "run.html",
        record=record,
        facts=_facts(record, scores),
        summary=summary(scores) if scores and scores.rows else [],
        missing=missing.lines,
        scores=scores,
        main=[_line(row) for row in scores.rows if row.headline] if scores else [],
        lines=[_line(row) for row in scores.rows] if scores else [],
        scale=Bar,
        tables=_tables(scores),
        training=_training(run, album, missing),
        responses=responses,
        metrics=_metrics(run, scores, album, missing),
        experiment=_text(run.resolved),
        repeat=_repeat(record),
        provenance=_provenance(record),
        diff=run.git_diff.is_file(),
        log=run.log.is_file(),
    )


class _Missing:
    """What cannot be shown, and why."""

    def __init__(self, run: RunDirectory) -> None:
        self.lines: list[str] = []
        self._folder = f"{run.path}/"  # where it is on this machine is no matter of the page

    def unless(self, read: Callable[[], T], what: str) -> T | None:
        """What `read` returns; None where it fails, which is noted."""
        try:
            return read()
        except RunnerError as error:
            self.lines.append(f"{what} is not shown: {str(error).replace(self._folder, '')}")
            return None


def _facts(record: RunRecord, scores: ScoreFile | None) -> list[tuple[str, str]]:
    facts = [("run", record.id), ("made", _time(record.created)), ("seed", str(record.seed))]
    facts.append(("trained", "elsewhere" if record.imported else f"{record.steps:,} steps"))
    if record.model_step != record.steps and not record.imported:
        facts.append(("networks of step", f"{record.model_step:,}"))
    if scores and scores.rows:
        facts.append(("judged on", f"{min(row.events for row in scores.rows):,} test events"))
    return facts


def _line(row: ScoreRow) -> ScoreLine:
    return ScoreLine(
        row=row,
        value=uncertain(row.value, row.error),
        floor="" if row.floor is None else uncertain(row.floor, row.floor_sd),
        excess="" if row.excess is None else uncertain(row.excess, row.error),
        distance=distance(row.z, row.better),
        bar=bar(row.z, row.better),
        verdict=verdict(row.z, row.better),
        direction=direction(row.better),
    )


def _tables(scores: ScoreFile | None) -> list[tuple[Table, str]]:
    """What shows how far the scores can be trusted, each with what to read in it."""
    tables = []
    if scores and scores.references:
        known = (_REFERENCES[found.name] for found in scores.references if found.name in _REFERENCES)
        says = " ".join(["These have learned nothing.", *known])
        tables.append((reference_table(scores), says))
    if scores and scores.sensitivity:
        says = "Faults of growing size were put into real responses. Smaller ones than these stay unseen."
        tables.append((sensitivity_table(scores), says))
    return tables


def _training(run: RunDirectory, album: Album, missing: _Missing) -> list[Picture]:
    from runner.report import figures
    from runner.report.html import descriptions

    pictures = []
    history = missing.unless(lambda: read_history(run, figures.MOST_STEPS), "the history of losses")
    if history is not None and len(history.step):
        text = descriptions.losses(history.step, history.losses)
        curves = album.drawn(
            lambda: figures.loss_curves(history.step, history.losses),
            "svg",
            f"Losses against the training step; {text}",
            caption=text,
            wide=True,
        )
        pictures.append(curves)
    rows = missing.unless(lambda: read_validation(run), "validation.json")
    if rows:
        text = descriptions.validation(rows)
        curves = album.drawn(
            lambda: figures.validation_curves(rows),
            "svg",
            f"Scores on validation events against the training step; {text}",
            caption=text,
            wide=True,
        )
        pictures.append(curves)
    return pictures


def _responses(run: RunDirectory, album: Album, missing: _Missing) -> list[Picture]:
    from runner.report import figures
    from runner.report.compared import compared_samples
    from runner.report.html import descriptions

    samples = missing.unless(lambda: compared_samples(run), "the gallery of responses")
    if samples is None:
        return []
    halves, generated = samples
    shown = descriptions.gallery(halves.asked.take(slice(15)), generated.take(slice(15)))
    average = descriptions.mean_response(halves.compared, generated)
    return [
        album.drawn(
            lambda: figures.gallery(halves.asked, generated),
            "png",
            f"{shown}, at equal conditions and on one colour scale",
            caption="Real and generated responses at equal conditions, one by one, on one colour scale.",
            wide=True,
        ),
        album.drawn(
            lambda: figures.mean_response(halves.compared, generated),
            "png",
            f"Average responses and their difference; {average}",
            caption=average,
        ),
    ]


def _metrics(run: RunDirectory, scores: ScoreFile | None, album: Album, missing: _Missing) -> list[MetricPart]:
    """Every metric that has scores, notes or figures, main ones first."""
    from runner.run_directory import read_figures

    data = missing.unless(lambda: read_figures(run), "figures.h5") or {}
    notes = _notes(scores)
    names = list(dict.fromkeys(row.metric for row in scores.rows) if scores else data)
    parts = []
    for name in names:
        pictures = _drawn(name, data[name], album) if name in data else _saved(run.figures / name, album)
        parts.append(MetricPart(name, _questions().get(name, ""), notes.get(name, ()), tuple(pictures)))
    return parts


def _drawn(metric: str, data: Sequence[Figure], album: Album) -> Iterator[Picture]:
    from runner.api import Maps, Scatter
    from runner.report import figures
    from runner.report.html import descriptions

    for figure in data:
        form: Any = "png" if isinstance(figure, (Scatter, Maps)) else "svg"
        try:
            caption = descriptions.described(figure)
        except (ValueError, TypeError, IndexError) as error:  # what a plugin returned fits nothing
            caption = f"no numbers: {error}"
        yield album.drawn(
            partial(figures.draw, figure),
            form,
            f"{figure.title}; {caption}",
            caption=caption,
        )


def _saved(folder: Path, album: Album) -> list[Picture]:
    """Figures as an older version left them, without the data to draw them again."""
    if not folder.is_dir():
        return []
    drawn_before = "as it was drawn then: no data of figures, which runner evaluate makes"
    paths = sorted(folder.glob("*.png"))
    return [album.saved(path, f"{folder.name}: {path.stem.replace('_', ' ')}, {drawn_before}") for path in paths]


def _notes(scores: ScoreFile | None) -> dict[str, tuple[str, ...]]:
    """Notes by metric."""
    found: dict[str, tuple[str, ...]] = {}
    for note in scores.notes if scores else ():
        metric, _, text = note.partition(": ")
        found[metric] = (*found.get(metric, ()), text)
    return found


@cache
def _questions() -> dict[str, str]:
    """What each metric of an installed plugin asks. Those that travel with a run are not looked at: they are code."""
    from runner.plugin_manager import load_plugins

    try:
        entries = load_plugins().registry.all("metric")
    except RunnerError:
        return {}
    return {entry.component.name: entry.component.help() for entry in entries}


def _text(path: Path) -> str:
    """Content of a text file, or why it is not there."""
    try:
        if not path.is_file():
            return f"# {path.name} is not there"
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(_LONGEST_TEXT + 1)
    except OSError as error:
        raise failure(path, "cannot be read", error) from error
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}\n# cut here"


def _repeat(record: RunRecord) -> str:
    if not record.imported:
        return "runner run resolved.yaml"
    return f"runner import networks/generator/{Path(record.imported).name} --experiment resolved.yaml"


def _provenance(record: RunRecord) -> list[tuple[str, str]]:
    git = record.git
    dirty = ", with changes (git.diff)" if git.dirty else ""
    data, device = record.data, record.device
    rows = [
        ("command", record.command),
        ("revision", f"{git.revision}{dirty}" if git.revision else "none: the experiment is in no repository"),
        ("imported from", record.imported),
        ("host", record.host),
        ("device", f"{device.kind} {device.name}".strip() if device.name != device.kind.upper() else device.name),
        ("XLA", f"{'yes' if record.compilation.jit_compile else 'no'}: {record.compilation.reason}"),
        ("started", _time(record.started)),
        ("finished", _time(record.finished)),
        ("durations", ", ".join(f"{phase} {_duration(seconds)}" for phase, seconds in record.timings.items())),
        *(
            ("resumed", f"{_time(again.time)}, from step {again.step:,}; {', '.join(again.changes) or 'no changes'}")
            for again in record.resumed
        ),
        ("events", f"{data.events:,}: {data.train:,} train, {data.validation:,} validation, {data.test:,} test"),
        ("data, SHA-256", data.digest),
        *((f"plugin {plugin.name}", f"{plugin.source}, SHA-256 {plugin.digest}") for plugin in record.plugins),
        ("versions", ", ".join(f"{name} {version}" for name, version in record.versions.items())),
    ]
    return [(name, value) for name, value in rows if value and value != "no: "]


def _time(text: str) -> str:
    """A time of the record, such as 2026-01-31T23:59:59.000Z, for people."""
    return f"{text[:10]} {text[11:19]} UTC" if text.endswith("Z") else text


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
