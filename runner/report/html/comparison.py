"""Several runs side by side, on one page."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from runner.compare import Cell, ComparedScore, Comparison, Difference, Group, Parameter
from runner.errors import RunDirectoryError
from runner.report.html.page import rendered
from runner.report.html.pictures import Album, Picture
from runner.report.judgement import direction, listed, verdict
from runner.report.tables import uncertain, z_text
from runner.run_directory import RunDirectory, read_figures

if TYPE_CHECKING:
    from runner.api import Figure, Histogram


@dataclass(frozen=True)
class GroupLine:
    """A group in the list of groups.

    Attributes:
        group: The group.
        runs: Id, seed and report of each run; the report's address is relative to the page, "" where there is none.
        baseline: Whether differences are to it.
    """

    group: Group
    runs: tuple[tuple[str, str, str], ...]
    baseline: bool


@dataclass(frozen=True)
class CellText:
    """A group's score as it is shown.

    Attributes:
        value: Mean over the seeds with their standard deviation, or of one seed with the evaluation's error.
        details: Distance from the floor, and the evaluation's error where the other is of the seeds.
        best: Whether no other model is better.
        sort: Number to sort by.
    """

    value: str
    details: tuple[str, ...]
    best: bool
    sort: float


@dataclass(frozen=True)
class ScoreLine:
    """A row of the table of scores; a cell is None where a group was not scored."""

    score: ComparedScore
    direction: str
    floor: str
    cells: tuple[CellText | None, ...]


@dataclass(frozen=True)
class DifferenceLine:
    """A row of the table of differences: one score of one group.

    Attributes:
        score: The score.
        label: The group.
        difference: To the baseline.
        text: The same with its interval.
        p: Its p-value, or "".
    """

    score: ComparedScore
    label: str
    difference: Difference
    text: str
    p: str


def comparison_page(comparison: Comparison, runs: Sequence[RunDirectory], folder: Path | None = None) -> str:
    """The page that sets runs side by side.

    Args:
        comparison: What was found.
        runs: The runs; their own reports are linked where they are there.
        folder: Where the page will be, for these links; the current folder if it is not said.
    """
    groups, here = comparison.groups, (folder or Path.cwd()).absolute()
    reports = {run.path.absolute(): _address(run, here) for run in runs}
    lines = [_line(score) for score in comparison.scores]
    differences = [line for score in comparison.scores for line in _differences(score, groups)]
    models = [group.label for group in groups if not group.reference]
    return rendered(
        "comparison.html",
        title=_title(models),
        models=models,
        groups=[_group(group, number == comparison.baseline, reports) for number, group in enumerate(groups)],
        baseline=groups[comparison.baseline].label,
        warnings=comparison.warnings,
        notes=comparison.notes,
        chart=_chart(comparison),
        main=[line for line in lines if line.score.headline],
        lines=lines,
        main_differences=[line for line in differences if line.score.headline],
        differences=differences,
        overlays=_overlays(comparison, runs),
        parameters=[_parameter(found) for found in comparison.parameters if found.differs],
        all_parameters=[_parameter(found) for found in comparison.parameters],
    )


def _title(models: Sequence[str]) -> str:
    return listed(models) if len(models) < 4 else f"{models[0]} and {len(models) - 1} others"


def _address(run: RunDirectory, here: Path) -> str:
    return quote(os.path.relpath(run.report, here)) if run.report.is_file() else ""


def _group(group: Group, baseline: bool, reports: dict[Path, str]) -> GroupLine:
    seeds = [str(seed) for seed in group.seeds] if len(group.seeds) == len(group.ids) else [""] * len(group.ids)
    runs = zip(group.ids, seeds, (reports.get(path.absolute(), "") for path in group.paths), strict=True)
    return GroupLine(group, tuple(runs), baseline)


def _line(score: ComparedScore) -> ScoreLine:
    return ScoreLine(
        score=score,
        direction=direction(score.better),
        floor="" if score.floor is None else uncertain(score.floor, score.floor_sd),
        cells=tuple(None if cell is None else _cell(cell, score.better) for cell in score.cells),
    )


def _cell(cell: Cell, better: str) -> CellText:
    details = []
    if state := verdict(cell.z, better):
        details.append(f"z {z_text(cell.z)}, {state}")
    if cell.sd is not None and cell.error is not None:
        details.append(f"{cell.n} seeds, evaluation ± {cell.error:.2g}")
    value = uncertain(cell.mean, cell.error if cell.sd is None else cell.sd)
    return CellText(value, tuple(details), cell.best, cell.mean)


def _differences(score: ComparedScore, groups: Sequence[Group]) -> Iterator[DifferenceLine]:
    for group, cell in zip(groups, score.cells, strict=True):
        if cell is not None and cell.difference is not None:
            found = cell.difference
            yield DifferenceLine(score, group.label, found, interval(found), _p(found))


def interval(difference: Difference) -> str:
    """A difference with its interval, to two digits of half its width."""
    value, low, high = difference.value, difference.low, difference.high
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high) and high > low):
        return f"{value:+.3g}"
    digits = 1 - math.floor(math.log10((high - low) / 2))
    if not -4 < digits <= 8:
        return f"{value:+.3g} [{low:+.3g}, {high:+.3g}]"
    texts = [f"{round(number, digits):+.{max(digits, 0)}f}" for number in (value, low, high)]
    return f"{texts[0]} [{texts[1]}, {texts[2]}]"


def _p(difference: Difference) -> str:
    if difference.p_holm is not None:
        return f"{difference.p_holm:.2g}"
    return "" if difference.p is None else f"{difference.p:.2g} uncorrected"


def _overlays(comparison: Comparison, runs: Sequence[RunDirectory]) -> list[Picture]:
    """Histograms that at least two groups have, of the first run of each, the baseline first."""
    from runner.api import Histogram
    from runner.report.figures.comparison import overlay

    by_path = {run.path.absolute(): run for run in runs}
    found: dict[tuple[str, str], dict[str, Histogram]] = {}
    groups = comparison.groups
    for group in (groups[comparison.baseline], *groups):
        run = by_path.get(group.paths[0].absolute()) if group.paths else None
        for metric, figures in (_figures(run) if run else {}).items():
            for data in figures:
                if isinstance(data, Histogram):
                    found.setdefault((metric, data.name), {})[group.label] = data
    album = Album()
    return [
        album.drawn(partial(overlay, same), "svg", _overlaid(metric, same))
        for (metric, _), same in found.items()
        if len(same) > 1
    ]


def _figures(run: RunDirectory) -> Mapping[str, Sequence[Figure]]:
    """Data of a run's figures; none where they cannot be read, which the run's own page says."""
    try:
        return read_figures(run)
    except RunDirectoryError:
        return {}


def _overlaid(metric: str, same: Mapping[str, Histogram]) -> str:
    from runner.report.html.descriptions import spread

    first = next(iter(same.values()))
    models = "; ".join(f"{name} {spread(data.generated, data.unit)}" for name, data in same.items())
    return f"{metric}: {first.title}; real {spread(first.real, first.unit)}; {models}"


def _parameter(found: Parameter) -> tuple[str, list[str]]:
    return found.key, [_json(value) for value in found.values]


def _json(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _chart(comparison: Comparison) -> list[Picture]:
    """The chart of main scores; none where no main score has a floor."""
    from runner.report.figures.comparison import score_chart

    said = []
    for score in comparison.scores:
        if score.headline:
            found = zip(comparison.groups, score.cells, strict=True)
            states = [f"{group.label} z {z_text(cell.z)}" for group, cell in found if cell and cell.z is not None]
            said += [f"{score.key}: {', '.join(states)}"] if states else []
    if not said:
        return []
    text = f"Distance of each main score from the floor. {'; '.join(said)}"
    return [Album().drawn(lambda: score_chart(comparison), "svg", text, wide=True)]
