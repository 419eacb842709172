"""Several runs side by side, on one page."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from runner.compare import Cell, ComparedScore, Comparison, Difference, Group
from runner.report.html.page import rendered
from runner.report.html.pictures import Album
from runner.report.judgement import distance, listed, verdict
from runner.report.tables import uncertain, z_text
from runner.run_directory import RunDirectory


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
        detail: Number of seeds and the evaluation's error, or "".
        z: Distance from the floor.
        state: The same in words.
        difference: To the baseline, with its interval, or "".
        p: The p-value, or "".
        verdict: In words, or "".
        sort: Numbers to sort by: value, z, difference, p-value; None where there is none.
    """

    value: str = ""
    detail: str = ""
    z: str = ""
    state: str = ""
    difference: str = ""
    p: str = ""
    verdict: str = ""
    sort: tuple[float | None, ...] = (None, None, None, None)


@dataclass(frozen=True)
class ComparedLine:
    """A row of the table of scores."""

    score: ComparedScore
    direction: str
    floor: str
    cells: tuple[CellText, ...]


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
    models = [group.label for group in groups if not group.reference]
    return rendered(
        "comparison.html",
        title=_title(models),
        models=models,
        groups=[_group(group, number == comparison.baseline, reports) for number, group in enumerate(groups)],
        baseline=comparison.baseline,
        warnings=comparison.warnings,
        notes=comparison.notes,
        chart=_chart(comparison),
        main=[line for line in lines if line.score.headline],
        lines=lines,
        parameters=[(found.key, [_json(value) for value in found.values]) for found in comparison.parameters],
    )


def _title(models: Sequence[str]) -> str:
    return listed(models) if len(models) < 4 else f"{models[0]} and {len(models) - 1} others"


def _address(run: RunDirectory, here: Path) -> str:
    return quote(os.path.relpath(run.report, here)) if run.report.is_file() else ""


def _group(group: Group, baseline: bool, reports: dict[Path, str]) -> GroupLine:
    seeds = [str(seed) for seed in group.seeds] if len(group.seeds) == len(group.ids) else [""] * len(group.ids)
    runs = zip(group.ids, seeds, (reports.get(path.absolute(), "") for path in group.paths), strict=True)
    return GroupLine(group, tuple(runs), baseline)


def _line(score: ComparedScore) -> ComparedLine:
    return ComparedLine(
        score=score,
        direction={"zero": "near 0", "one": "near 1", "none": ""}.get(score.better, score.better),
        floor="" if score.floor is None else uncertain(score.floor, score.floor_sd),
        cells=tuple(_cell(cell, score.better) for cell in score.cells),
    )


def _cell(cell: Cell | None, better: str) -> CellText:
    if cell is None:
        return CellText()
    evaluation = "" if cell.error is None or cell.sd is None else f", evaluation ± {cell.error:.2g}"
    difference = cell.difference
    return CellText(
        value=uncertain(cell.mean, cell.error if cell.sd is None else cell.sd),
        detail=f"{cell.n} seeds{evaluation}" if cell.n > 1 else "",
        z=z_text(cell.z) if distance(cell.z, better) is not None else "",
        state=verdict(cell.z, better),
        difference="" if difference is None else _interval(difference),
        p="" if difference is None else _p(difference),
        verdict="" if difference is None else difference.verdict,
        sort=(
            cell.mean,
            cell.z,
            difference.value if difference else None,
            (difference.p if difference.p_holm is None else difference.p_holm) if difference else None,
        ),
    )


def _interval(difference: Difference) -> str:
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


def _json(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _chart(comparison: Comparison) -> list[object]:
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
