"""Main scores are tested together, so their p-values are corrected for their number; the verdicts follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from runner.compare.obstacles import named
from runner.compare.result import Cell, ComparedScore, Difference, Group
from runner.compare.statistics import holm
from runner.compare.verdict import verdict


def corrected(
    scores: list[ComparedScore], models: Sequence[Group], baseline: int
) -> tuple[tuple[ComparedScore, ...], tuple[str, ...]]:
    """Corrected p-values and verdicts of the main scores, and what there is to say of all of them."""
    cells = [list(score.cells) for score in scores]
    main = [number for number, score in enumerate(scores) if score.headline and score.better != "none"]
    families, reasons = set[int](), dict[str, dict[str, None]]()
    for group in range(len(models)):
        p_values = {row: found.p for row in main if (found := _of(cells[row][group])) and found.p is not None}
        after = dict(zip(p_values, holm(list(p_values.values())), strict=True))
        if p_values:
            families.add(len(p_values))
        for row in main:
            cell, against = cells[row][group], cells[row][baseline]
            if cell is not None and cell.gap:
                reasons.setdefault(f"{scores[row].key} is {cell.gap}", {})[models[group].label] = None
            if cell is None or against is None or cell.difference is None:
                continue
            found = cell.difference
            said = verdict(
                worse=-found.value if scores[row].better == "higher" else found.value,
                p_holm=after.get(row),
                interval=(found.low, found.high),
                at_floor=bool(cell.at_floor and against.at_floor),
            )
            cells[row][group] = replace(cell, difference=replace(found, p_holm=after.get(row), verdict=said))
            if found.unpaired:
                left_out = f"not paired and left out of the differences: seeds {named(list(map(str, found.unpaired)))}"
                reasons.setdefault(left_out, {})[models[group].label] = None
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
        yield f"p: two-sided t-test, {used}; corrected by Holm's method for the main scores of a group ({numbers})"
    if "evaluation errors" in tests:
        yield "intervals without p-value come from the errors of the evaluation and do not include training scatter"
