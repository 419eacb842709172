"""Scores of groups of runs, and each group's difference to the baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.compare.cells import by_key, cell_of, compare_with
from runner.compare.correcting import corrected
from runner.compare.grouping import NAMES, Runs, ScoredRun, described, grouped
from runner.compare.obstacles import floors_of, limits, named, obstacles
from runner.compare.result import ComparedScore, Comparison, Group, Parameter
from runner.errors import ExperimentError
from runner.run_directory import Described, ReferenceScores, RunDirectory, check_key


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
    scores, notes = corrected(list(_scores(members, references, first, everything)), models, first)
    parameters = tuple(_parameters([runs[0].parameters for runs in members]))
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
    labels = named([models[number].label for number in (found or range(len(models)))])
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
    models = [by_key(runs, everything) for runs in members]
    all_seeds = [[run.record.seed for run in runs] for runs in members]
    stand_ins = [{(row.metric, row.score): row for row in reference.rows} for reference in references]
    for key in dict.fromkeys(key for rows in models for key in rows):
        found = [rows.get(key, ()) for rows in models]
        one = next(rows[0][1] for rows in found if rows)
        floors = floors_of(row for rows in found for _, row in rows)
        floor, floor_sd = floors[0] if len(floors) == 1 else (None, None)
        cells = [cell_of(rows, seeds) for rows, seeds in zip(found, all_seeds, strict=True)]
        compare_with(cells, found, baseline)
        yield ComparedScore(
            metric=one.metric,
            score=one.score,
            unit=one.unit,
            better=one.better,
            headline=one.headline,
            floor=floor,
            floor_sd=floor_sd,
            cells=(*cells, *(cell_of(((0, rows[key]),) if key in rows else ()) for rows in stand_ins)),
        )


def _parameters(trees: Sequence[Mapping[str, Any]]) -> Iterator[Parameter]:
    for key in dict.fromkeys(key for tree in trees for key in tree if key not in NAMES and key != "seed"):
        yield Parameter(key=key, values=tuple(tree.get(key) for tree in trees))
