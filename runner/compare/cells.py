"""What the seeds of a group say together of one score, and how far that is from the baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from runner.compare.grouping import Runs
from runner.compare.obstacles import named
from runner.compare.result import Cell, Difference
from runner.compare.statistics import FEWEST_SEEDS, estimate
from runner.compare.verdict import FLOOR_REACH
from runner.run_directory import ScoreRow, shortfall

Key = tuple[str, str]
Rows = tuple[tuple[int, ScoreRow], ...]  # of one score, with the seed


def by_key(runs: Runs, everything: bool) -> dict[Key, Rows]:
    """Rows of each score of a group: of all scores, or of the main ones."""
    found: dict[Key, list[tuple[int, ScoreRow]]] = {}
    for run in runs:
        for row in run.scores.rows:
            if everything or row.headline:
                found.setdefault((row.metric, row.score), []).append((run.record.seed, row))
    return {key: tuple(rows) for key, rows in found.items()}


def cell_of(rows: Rows, seeds: Sequence[int] = ()) -> Cell | None:
    """The cell of a group, without what depends on the others; None where there are no rows.

    Args:
        rows: One for each seed with this score.
        seeds: All seeds of the group.
    """
    if not rows:
        return None
    values = [row.value for _, row in rows]
    n = len(values)
    zs = [row.z for _, row in rows if row.z is not None]
    errors = [row.error for _, row in rows if row.error is not None and math.isfinite(row.error)]
    defined = all(map(math.isfinite, values))
    mean = sum(values) / n
    floored = len(zs) == n
    z = sum(zs) / n if floored else None
    return Cell(
        mean=mean,
        sd=_rms([value - mean for value in values]) * math.sqrt(n / (n - 1)) if defined and n > 1 else None,
        n=n,
        error=_rms(errors) if len(errors) == n else None,
        z=z,
        rms_z=None if z is None else math.copysign(_rms(zs), z),
        at_floor=_rms(zs) < FLOOR_REACH if floored and defined else None,
        gap=_gap(rows, seeds),
    )


def _gap(rows: Rows, seeds: Sequence[int]) -> str:
    undefined = [seed for seed, row in rows if not math.isfinite(row.value)]
    missing = sorted(set(seeds) - {seed for seed, _ in rows})
    found = [
        f"{what} in seed{'s' if len(those) > 1 else ''} {named(list(map(str, those)))}"
        for what, those in (("undefined", undefined), ("missing", missing))
        if those
    ]
    return ", ".join(found)


def _rms(values: Sequence[float]) -> float:
    return math.sqrt(sum(value * value for value in values) / len(values))


def compare_with(cells: list[Cell | None], found: Sequence[Rows], baseline: int) -> None:
    """Adds to the cells which is best, and differences to the baseline."""
    distances = [None if cell is None or cell.gap else _distance(rows) for cell, rows in zip(cells, found, strict=True)]
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
    if min(against.n, cell.n) < FEWEST_SEEDS:
        reason = f"no p-value: {against.n} and {cell.n} seeds, {FEWEST_SEEDS} are needed"
    else:
        reason = "no p-value: the seeds do not scatter"
    return Difference(
        value=found.value,
        low=found.low,
        high=found.high,
        p=found.p,
        p_holm=None,
        test=found.test,
        reason=reason if found.p is None else "",
        verdict="",
        unpaired=found.unpaired,
    )


def _by_seed(rows: Rows, better: str) -> dict[int, float]:
    """Values; distances from the ideal one where it lies between good and bad."""
    if better not in ("zero", "one"):
        return {seed: row.value for seed, row in rows}
    return {seed: shortfall(row.value, better) or 0.0 for seed, row in rows}
