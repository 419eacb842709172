"""Scores of groups of runs, and each group's difference to the baseline."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from runner.compare.grouping import NAMES, Runs, ScoredRun, described, grouped
from runner.compare.obstacles import limits, named, obstacles
from runner.compare.result import Cell, ComparedScore, Comparison, Difference, Group, Parameter
from runner.compare.statistics import FEWEST_SEEDS, estimate, holm
from runner.compare.verdict import AT_FLOOR, verdict
from runner.errors import ExperimentError
from runner.run_directory import Described, ReferenceScores, RunDirectory, ScoreRow, check_key, shortfall

Key = tuple[str, str]
Rows = tuple[tuple[int, ScoreRow], ...]  # of one score, with the seed


def compare(
    runs: Sequence[RunDirectory],
    *,
    baseline: Sequence[RunDirectory] = (),
    sort: str = "",
    everything: bool = False,
    each: bool = False,
    force: bool = False,
) -> Comparison:
    """Groups of runs side by side.

    Args:
        runs: The runs; what stands twice counts once.
        baseline: Runs of the group that differences are to; none for the first group.
        sort: Key that groups are sorted by, a score from the best on; "" for the order of the runs.
        everything: Whether all scores and parameters are shown, or the main scores and what differs.
        each: Whether every run is a group of its own.
        force: Whether scores of different data or metric versions are set side by side with a warning.

    Raises:
        RunDirectoryError: If a run has no scores, or cannot be read.
        ExperimentError: If the runs were scored on different data or with different versions of a metric, or
            the baseline is not one of the groups, or no run has the key to sort by.
    """
    scored = [ScoredRun.read(run) for run in dict.fromkeys(runs)]
    hindrances = list(obstacles(scored))
    if hindrances and not force:
        reasons = "\n".join(f"  {hindrance}" for hindrance in hindrances)
        raise ExperimentError(f"these scores cannot be compared:\n{reasons}\n  --force shows them all the same")
    members, left_out = grouped(scored, each=each)
    models = described(members)
    first = _baseline(models, baseline)
    if sort:
        order = _order(members, sort)
        members, models, first = [members[i] for i in order], tuple(models[i] for i in order), order.index(first)
    references = _references(members[first])
    groups = (*models, *(Group(label=found.name, name=found.name, reference=True) for found in references))
    scores, notes = _corrected(list(_scores(members, references, first, everything)), models, first)
    parameters = (*_parameters([runs[0].parameters for runs in members]),)
    return Comparison(
        groups=groups,
        baseline=first,
        scores=scores,
        parameters=parameters if everything else tuple(found for found in parameters if found.differs),
        notes=notes,
        warnings=(*hindrances, *left_out, *limits(scored)),
    )


def _baseline(models: Sequence[Group], wanted: Sequence[RunDirectory]) -> int:
    if not wanted:
        return 0
    paths = {run.path for run in wanted}
    found = [number for number, model in enumerate(models) if paths & set(model.paths)]
    if len(found) == 1:
        return found[0]
    labels = ", ".join(models[number].label for number in (found or range(len(models))))
    reason = "several of the groups" if found else "none of the groups"
    raise ExperimentError(f"--baseline: {reason} that are compared; name one of them: {labels}")


def _order(members: Sequence[Runs], key: str) -> list[int]:
    """Numbers of the groups by the mean of what their runs are ranked by; a group that lacks it comes last."""
    described = [[Described(run.directory) for run in runs] for runs in members]
    check_key(key, [run for runs in described for run in runs])
    places = []
    for runs in described:
        ranks = [run.rank(key) for run in runs]
        missing, is_text, _, text = max(ranks)
        places.append((missing, is_text, sum(rank[2] for rank in ranks) / len(ranks), text))
    return sorted(range(len(places)), key=lambda number: places[number])


def _references(runs: Runs) -> tuple[ReferenceScores, ...]:
    """Of the baseline; they are the same in all runs that are judged on the same events."""
    return next((run.scores.references for run in runs if run.scores.references), ())


def _scores(
    members: Sequence[Runs], references: Sequence[ReferenceScores], baseline: int, everything: bool
) -> Iterator[ComparedScore]:
    models = [_by_key(runs, everything) for runs in members]
    stand_ins = [{(row.metric, row.score): row for row in reference.rows} for reference in references]
    for key in dict.fromkeys(key for rows in models for key in rows):
        found = [rows.get(key, ()) for rows in models]
        one = next(rows[0][1] for rows in found if rows)
        floored = next((row for rows in found for _, row in rows if row.floor is not None), one)
        cells = [_cell(rows) for rows in found]
        _compare_with(cells, found, baseline)
        yield ComparedScore(
            metric=one.metric,
            score=one.score,
            unit=one.unit,
            better=one.better,
            headline=one.headline,
            floor=floored.floor,
            floor_sd=floored.floor_sd,
            cells=(*cells, *(_cell(((0, rows[key]),) if key in rows else ()) for rows in stand_ins)),
        )


def _by_key(runs: Runs, everything: bool) -> dict[Key, Rows]:
    found: dict[Key, list[tuple[int, ScoreRow]]] = {}
    for run in runs:
        for row in run.scores.rows:
            if everything or row.headline:
                found.setdefault((row.metric, row.score), []).append((run.record.seed, row))
    return {key: tuple(rows) for key, rows in found.items()}


def _cell(rows: Rows) -> Cell | None:
    if not rows:
        return None
    values = [row.value for _, row in rows]
    n = len(values)
    zs = [row.z for _, row in rows if row.z is not None]
    errors = [row.error for _, row in rows if row.error is not None and math.isfinite(row.error)]
    defined = all(map(math.isfinite, values))
    mean = sum(values) / n
    return Cell(
        mean=mean,
        sd=_rms([value - mean for value in values]) * math.sqrt(n / (n - 1)) if defined and n > 1 else None,
        n=n,
        error=_rms(errors) if len(errors) == n else None,
        z=sum(zs) / n if len(zs) == n else None,
        at_floor=_rms(zs) < AT_FLOOR if len(zs) == n else None,
    )


def _rms(values: Sequence[float]) -> float:
    return math.sqrt(sum(value * value for value in values) / len(values))


def _compare_with(cells: list[Cell | None], found: Sequence[Rows], baseline: int) -> None:
    """Adds to the cells which is best, and differences to the baseline."""
    distances = [_distance(rows) for rows in found]
    known = [distance for distance in distances if distance is not None]
    best = min(known) if len(known) > 1 else None
    against = cells[baseline]
    for number, cell in enumerate(cells):
        if cell is None:
            continue
        difference = None
        if number != baseline and against is not None and math.isfinite(cell.mean) and math.isfinite(against.mean):
            difference = _difference(found[number], found[baseline], cell, against)
        is_best = best is not None and distances[number] == best
        if difference or is_best:
            cells[number] = replace(cell, best=is_best, difference=difference)


def _distance(rows: Rows) -> float | None:
    """How far from ideal the runs of a group are in the mean, for ranking."""
    distances = [row.shortfall for _, row in rows if row.shortfall is not None]
    return sum(distances) / len(distances) if distances and len(distances) == len(rows) else None


def _difference(rows: Rows, baseline: Rows, cell: Cell, against: Cell) -> Difference:
    """Without what depends on the other scores."""
    better = rows[0][1].better
    found = estimate(_by_seed(rows, better), _by_seed(baseline, better), cell.error, against.error)
    reason = "" if found.p is not None else f"{against.n} and {cell.n} seeds, {FEWEST_SEEDS} are needed"
    return Difference(
        value=found.value,
        low=found.low,
        high=found.high,
        p=found.p,
        p_holm=None,
        test=found.test,
        reason=reason and f"no p-value: {reason}",
        verdict="",
    )


def _by_seed(rows: Rows, better: str) -> dict[int, float]:
    """Values; distances from the ideal one where it lies between good and bad."""
    if better not in ("zero", "one"):
        return {seed: row.value for seed, row in rows}
    return {seed: shortfall(row.value, better) or 0.0 for seed, row in rows}


def _corrected(
    scores: list[ComparedScore], models: Sequence[Group], baseline: int
) -> tuple[tuple[ComparedScore, ...], tuple[str, ...]]:
    """Corrected p-values and verdicts of the main scores, and what there is to say of all of them."""
    cells = [list(score.cells) for score in scores]
    main = [number for number, score in enumerate(scores) if score.headline and score.better != "none"]
    families, reasons = set[int](), dict[str, dict[str, None]]()
    for group in range(len(models)):
        p_values = {row: found.p for row in main if (found := _of(cells[row][group])) and found.p is not None}
        corrected = dict(zip(p_values, holm(list(p_values.values())), strict=True))
        if p_values:
            families.add(len(p_values))
        for row in main:
            cell, against = cells[row][group], cells[row][baseline]
            if cell is None or against is None or cell.difference is None:
                continue
            found = cell.difference
            said = verdict(
                worse=-found.value if scores[row].better == "higher" else found.value,
                p_holm=corrected.get(row),
                interval=(found.low, found.high),
                at_floor=bool(cell.at_floor and against.at_floor),
            )
            cells[row][group] = replace(cell, difference=replace(found, p_holm=corrected.get(row), verdict=said))
            if found.reason:
                reasons.setdefault(found.reason, {})[models[group].label] = None
    complete = tuple(replace(score, cells=tuple(row)) for score, row in zip(scores, cells, strict=True))
    return complete, (
        *_notes(families, complete),
        *(f"{reason} ({named(list(labels))})" for reason, labels in reasons.items()),
    )


def _of(cell: Cell | None) -> Difference | None:
    return None if cell is None else cell.difference


def _notes(families: set[int], scores: Sequence[ComparedScore]) -> Iterator[str]:
    tests = {cell.difference.test for score in scores for cell in score.cells if cell and cell.difference}
    if families:
        used = " and ".join(
            text
            for test, text in (("paired", "paired by seed (Student)"), ("Welch", "unpaired (Welch)"))
            if test in tests
        )
        numbers = " or ".join(map(str, sorted(families)))
        yield f"p: two-sided t-test, {used}; corrected by Holm's method over the {numbers} main scores of a group"
    if "evaluation errors" in tests:
        yield "intervals without p-value come from the errors of the evaluation and do not include training scatter"


def _parameters(trees: Sequence[Mapping[str, Any]]) -> Iterator[Parameter]:
    for key in dict.fromkeys(key for tree in trees for key in tree if key not in NAMES and key != "seed"):
        yield Parameter(key=key, values=tuple(tree.get(key) for tree in trees))
