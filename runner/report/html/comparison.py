"""Several runs side by side, on one page."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from runner.compare import Cell, ComparedScore, Comparison, Difference, Group, Parameter
from runner.report.drawings import MOST_SEEDS, Drawing, drawings
from runner.report.html.page import rendered
from runner.report.html.pictures import Album, Picture
from runner.report.judgement import Bar, bar, direction, listed, verdict
from runner.report.tables import Column, Table, uncertain, z_text
from runner.run_directory import RunDirectory, RunRecord

_MOST_DISTRIBUTIONS = 24

_ROOM = 2_200_000
"""Bytes of all pictures: with the tables of twelve groups, 260 scores each, the page stays below 5 MB."""


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
        details: z, its root mean square over several seeds, and the evaluation's error where the other is of the seeds.
        bar: Distance from the floor as a bar, or None.
        verdict: The same in words, or "".
        best: Whether no other model is better.
        sort: Number to sort by.
    """

    value: str
    details: tuple[str, ...]
    bar: Bar | None
    verdict: str
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
    found, album = drawings(comparison, runs), Album("runner report --figures writes it beside the page", _ROOM)
    records = {run.path.absolute(): run.record for run in runs}
    return rendered(
        "comparison.html",
        title=_title(models),
        models=models,
        groups=[_group(group, number == comparison.baseline, reports) for number, group in enumerate(groups)],
        baseline=groups[comparison.baseline].label,
        warnings=comparison.warnings,
        notes=comparison.notes,
        chart=_drawn(found.chart, album, wide=True),
        gallery=_drawn(found.gallery, album, wide=True),
        losses=_drawn(found.losses, album, wide=True),
        most_seeds=MOST_SEEDS,
        main=[line for line in lines if line.score.headline],
        lines=lines,
        main_differences=[line for line in differences if line.score.headline],
        differences=differences,
        overlays=_drawn(found.distributions[:_MOST_DISTRIBUTIONS], album),
        more_overlays=len(found.distributions[_MOST_DISTRIBUTIONS:]),
        missing=found.missing,
        provenance=_provenance(groups, records),
        repeat=_repeat(comparison),
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
    said = verdict(cell.rms_z, better)  # as `cell.at_floor`: by all seeds, not by their mean
    if said:
        several = f" (rms {abs(cell.rms_z):.1f})" if cell.rms_z is not None and cell.n > 1 else ""
        details.append(f"z {z_text(cell.z)}{several}")
    if cell.sd is not None and cell.error is not None:
        details.append(f"{cell.n} seeds, evaluation ± {cell.error:.2g}")
    value = uncertain(cell.mean, cell.error if cell.sd is None else cell.sd)
    return CellText(value, tuple(details), bar(cell.rms_z, better), said, cell.best, cell.mean)


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


def _parameter(found: Parameter) -> tuple[str, list[str]]:
    return found.key, [_json(value) for value in found.values]


def _json(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _drawn(found: Sequence[Drawing], album: Album, *, wide: bool = False) -> list[Picture]:
    return [album.drawn(drawing.draw, drawing.form, drawing.text, wide=wide) for drawing in found]


def _repeat(comparison: Comparison) -> str:
    """The command, from the folder that holds the folder of runs."""
    groups = [group for group in comparison.groups if group.ids]
    words = ["runner compare", *(identifier for group in groups for identifier in group.ids), "--all"]
    if comparison.baseline:
        words.append(f"--baseline {comparison.groups[comparison.baseline].ids[0]}")
    if all(len(group.ids) == 1 for group in groups):
        words.append("--each")
    return " ".join([*words, "--format html --output comparison.html"])


def _provenance(groups: Sequence[Group], records: Mapping[Path, RunRecord]) -> Table:
    """Where each run came from."""
    columns = ("run", "group", "revision", "data, SHA-256", "events: train, validation, test", "device", "runner")
    found = [
        (group.label, records[path.absolute()])
        for group in groups
        for path in group.paths
        if path.absolute() in records
    ]
    rows = tuple(
        (
            record.id,
            label,
            f"{(record.git.revision or 'none')[:12]}{', with changes' if record.git.dirty else ''}",
            record.data.digest[:12],
            f"{record.data.train:,}, {record.data.validation:,}, {record.data.test:,}",
            " ".join(dict.fromkeys((record.device.kind.upper(), record.device.name))).strip(),
            record.versions.get("tpc-runner", ""),
        )
        for label, record in found
    )
    return Table("Runs and where they came from", tuple(Column(name) for name in columns), rows)
